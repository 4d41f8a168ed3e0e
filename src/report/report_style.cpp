#include "bnn/report/report_style.h"

#include <string_view>

namespace bnn {
namespace {

// Colours of text have a contrast of at least 4.5 to 1 against the paper. Blue and vermilion differ
// for colour-blind readers, too (Okabe and Ito), and never stand alone: names, hollow marks and
// places say the same.
constexpr std::string_view kColors = R"(
:root {
  color-scheme: light dark;
  --paper: #fffefb; --ink: #1d1c1a; --soft: #5f5b54; --rule: #dcd8cf; --faint: #efece5;
  --right: #0a5a94; --wrong: #b04300; --out: #55524c;
  --right-tint: #b9d5e8; --wrong-tint: #f3c7a8;
  --e1: #fdf3ea; --e2: #fbe8d7; --e3: #f9dabd; --e4: #f6c79b; --e5: #f1ae74; --e6: #e8934e;
  --e7: #dd7c31; --on-error: #1d1c1a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #16171a; --ink: #ebe8e1; --soft: #a9a59c; --rule: #3b3c40; --faint: #232427;
    --right: #74b9ea; --wrong: #ff9e5e; --out: #bdbab3;
    --right-tint: #24465e; --wrong-tint: #5c3519;
    --e1: #221d1a; --e2: #2c211a; --e3: #3a281b; --e4: #4c301b; --e5: #61391a; --e6: #78421a;
    --e7: #8f4c1a; --on-error: #ffffff;
  }
}
)";

constexpr std::string_view kText = R"(
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, "Liberation Serif", serif;
  --sans: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "Noto Sans", system-ui, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 3rem clamp(1rem, 4vw, 3rem) 4rem; }
bdi, th, dd, p { overflow-wrap: anywhere; }
h1 { font-size: clamp(1.7rem, 5vw, 2.6rem); font-weight: 400; line-height: 1.15; margin: 0 0 .6rem;
     letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; font-weight: 400; margin: 0 0 1.2rem; }
h3 { font-size: 1.08rem; font-weight: 600; margin: 2.2rem 0 .2rem; }
h3 + p { margin-top: 0; color: var(--soft); }
p { max-width: 44rem; }
b { font-weight: 600; }
section { margin-top: 3.4rem; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
.kicker { margin: 0 0 .5rem; color: var(--soft); font: .82rem var(--sans); letter-spacing: .04em; }
.lead { font-size: 1.15rem; line-height: 1.45; margin: 0 0 2rem; }
.soft { color: var(--soft); }
.right { color: var(--right); } .wrong { color: var(--wrong); }
nav { font: .85rem/1.9 var(--sans); margin-top: 1.8rem; }
nav a { color: var(--soft); margin-right: 1.1em; text-decoration-color: var(--rule);
        text-underline-offset: .25em; white-space: nowrap; }
dl { margin: 0; font-family: var(--sans); }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.4rem, 1fr)); gap: 1.4rem 2rem;
       padding: 1.2rem 0; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
.key .big { font-size: 1.75rem; line-height: 1.25; font-weight: 300;
            font-variant-numeric: tabular-nums lining-nums; white-space: nowrap; }
.key .soft { font-size: .78rem; font-variant-numeric: tabular-nums lining-nums; }
.source { display: flex; flex-wrap: wrap; gap: .7rem 2rem; margin-top: 1.1rem; font-size: .85rem; }
footer { margin-top: 4rem; color: var(--soft); font: .8rem var(--sans); }
)";

constexpr std::string_view kTables = R"(
table { border-collapse: collapse; width: 100%; font: .86rem/1.35 var(--sans); margin: 1.6rem 0 0;
        font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; padding: 0 0 .55rem; color: var(--soft);
          font: .95rem/1.4 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, "Liberation Serif", serif; }
caption b { color: var(--ink); }
th, td { padding: .3rem 0 .3rem .9rem; text-align: right; vertical-align: baseline; font-weight: 400; }
tr > :first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: .8rem; border-bottom: 1px solid var(--soft); vertical-align: bottom;
           overflow-wrap: normal; }
tbody tr + tr > * { border-top: 1px solid var(--faint); }
tbody tr:last-child > * { border-bottom: 1px solid var(--soft); }
data, .interval { white-space: nowrap; }
.classes .interval { color: var(--soft); font-size: .8rem; }
.absent { color: var(--soft); }
th small { display: block; color: var(--soft); font-size: .8rem; }
.pairs td:nth-child(2) { text-align: left; }
section > table { max-width: 44rem; } section > .metrics { max-width: 38rem; } section > .classes { max-width: 50rem; }
.figures table { margin-top: 0; font-size: .8rem; }
.scroll { overflow-x: auto; }
.matrix { table-layout: fixed; max-width: 50rem; }
.matrix.large { min-width: 46rem; max-width: none; }
.matrix th, .matrix td { padding: .32rem 0; text-align: center; white-space: nowrap; overflow: hidden; }
.matrix tr > :first-child { width: 8.5rem; padding-right: .6rem; text-align: right; text-overflow: ellipsis; }
.matrix thead th { vertical-align: bottom; }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 7rem; overflow: hidden;
                     text-overflow: ellipsis; display: inline-block; }
.matrix.plain thead span { writing-mode: horizontal-tb; transform: none; }
.matrix tbody tr + tr > * { border-top: 0; }
.matrix tbody tr:last-child > * { border-bottom: 0; }
.matrix td { border: 1px solid var(--paper) !important; }
.matrix .hit { box-shadow: inset 0 0 0 1px var(--right); color: var(--right); font-weight: 600; }
.matrix .none { color: var(--soft); }
.e1, .e2, .e3, .e4, .e5, .e6, .e7 { color: var(--on-error); }
.e1 { background: var(--e1); } .e2 { background: var(--e2); } .e3 { background: var(--e3); }
.e4 { background: var(--e4); } .e5 { background: var(--e5); } .e6 { background: var(--e6); }
.e7 { background: var(--e7); }
.share { display: block; position: relative; height: 3px; margin-top: 3px; background: var(--faint); overflow: hidden; }
.share::before { content: ""; position: absolute; inset: 0 auto 0 0; width: var(--p); background: var(--right); }
.errors .share::before { background: var(--wrong); }
.counts { table-layout: fixed; } .counts tr > :first-child { width: 28%; }
.counted { display: grid; grid-template-columns: 1fr 4.5em; align-items: center; }
.counted .share { height: .7em; margin: 0; } .counted .share::before { background: var(--out); }
)";

constexpr std::string_view kFigures = R"(
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr));
           gap: 2.4rem 2.6rem; align-items: start; }
.figures + table, .figures + .figures { margin-top: 2.6rem; }
.small.figures { grid-template-columns: repeat(auto-fill, minmax(min(46%, 12rem), 1fr)); gap: 1.6rem 2rem; }
.figures > * { min-width: 0; }
figure { margin: 0; max-width: 30rem; }
figcaption { margin-top: .5rem; font-size: .92rem; line-height: 1.4; color: var(--soft); }
figcaption b { color: var(--ink); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
)";

// In a page and in a file of its own.
constexpr std::string_view kCharts = R"(
svg text { font: 11.5px var(--sans); fill: var(--ink); font-variant-numeric: tabular-nums lining-nums; }
svg .tick, svg .note { fill: var(--soft); }
svg .note { font-weight: 400; }
svg .label { font-weight: 600; } svg .label.right { fill: var(--right); }
svg .label.wrong { fill: var(--wrong); } svg .label.out, svg .label.soft { fill: var(--out); }
svg .axis { stroke: var(--soft); stroke-width: .8; }
svg .grid { stroke: var(--rule); stroke-width: .6; }
svg .diagonal { stroke: var(--soft); stroke-width: .9; stroke-dasharray: 4 3; }
svg .median { stroke: var(--ink); stroke-width: 1.2; }
svg .whisker { stroke: var(--soft); stroke-width: .9; }
svg .line { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
svg .line.open { stroke-dasharray: 5 3; }
svg .line.thin { stroke-width: .9; }
svg .line.right { stroke: var(--right); } svg .line.wrong { stroke: var(--wrong); }
svg .line.out { stroke: var(--out); } svg .line.soft { stroke: var(--soft); }
svg .mark { stroke-width: 1.2; stroke: var(--paper); }
svg .mark.right { fill: var(--right); } svg .mark.wrong { fill: var(--wrong); }
svg .mark.out { fill: var(--out); } svg .mark.soft { fill: var(--soft); }
svg .mark.open { fill: var(--paper); } svg .mark.open.wrong { stroke: var(--wrong); }
svg .mark.open.out { stroke: var(--out); } svg .mark.open.right { stroke: var(--right); }
svg .gap.right { fill: var(--right-tint); } svg .gap.wrong { fill: var(--wrong-tint); }
svg .bar.right { fill: var(--right); } svg .bar.wrong { fill: var(--wrong); }
svg .bar.out { fill: var(--out); } svg .bar.soft { fill: var(--out); }
)";

constexpr std::string_view kGallery = R"(
ul { list-style: none; margin: 0; padding: 0; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(46%, 8.4rem), 1fr));
           gap: 1.8rem 1.6rem; margin-top: 1rem; }
.card { min-width: 0; font: .78rem/1.35 var(--sans); font-variant-numeric: tabular-nums lining-nums; }
.card img { display: block; width: 100%; max-width: 10rem; aspect-ratio: 1; object-fit: contain;
            image-rendering: pixelated; background: var(--faint); }
.zoom { max-width: 10rem; aspect-ratio: 1; }
.zoom summary { display: block; cursor: zoom-in; }
.zoom summary::-webkit-details-marker { display: none; }
.zoom summary:focus-visible { outline: 3px solid var(--right); outline-offset: 3px; }
@media screen {
  .zoom[open] summary { position: fixed; inset: 0; z-index: 1; display: grid; place-content: center;
                        gap: .8rem; background: rgb(48 48 52 / .96); cursor: zoom-out; outline-offset: -3px; }
  .zoom[open] img { width: min(94vw, 100vh - 5rem, 40rem); max-width: none; background: none; }
  .zoom[open] summary::after { content: "Click or press Enter to close"; color: #fff; text-align: center; }
}
.card p { margin: .45rem 0; }
.card p.soft { font-size: .72rem; margin-bottom: 0; }
.card ul { max-width: 10rem; }
.card li { display: grid; grid-template-columns: 1fr auto; gap: 0 .5em; margin-top: .3rem; }
.card .who { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.card .much { color: var(--soft); white-space: nowrap; }
.card .share { grid-column: 1 / -1; height: 7px; margin-top: 2px; }
.card .share::before { inset: 1px auto 1px 0; background: currentColor; }
.card .share::after { content: ""; position: absolute; top: 3px; height: 1px; left: var(--a); width: var(--w);
                      background: var(--ink); box-shadow: 0 0 0 .5px var(--paper); }
.card .right { color: var(--right); } .card .wrong { color: var(--wrong); }
.card .out { color: var(--out); }
)";

constexpr std::string_view kMedia = R"(
@media (max-width: 36rem) {
  main { padding-top: 1.6rem; }
  .key { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .key .big { font-size: 1.5rem; }
  section { margin-top: 2.4rem; }
  table { font-size: .76rem; }
  .interval { white-space: normal; }
  th, td { padding-left: .45rem; }
  thead th, th small { font-size: .72rem; }
  .matrix:not(.large) { font-size: 9px; }
  .matrix:not(.large) tr > :first-child { width: 4rem; padding-right: .3rem; }
  .matrix:not(.large) thead th { font-size: 9px; }
  .matrix:not(.large) thead span { max-height: 5rem; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { font-size: 10pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  .key { grid-template-columns: repeat(5, 1fr); gap: 1rem; }
  section { margin-top: 8mm; padding-top: 4mm; }
  h2, h3, h3 + p, caption { break-after: avoid; }
  figure, .card, tr, .figures table, .matrix, .key > div { break-inside: avoid; }
  .figures { grid-template-columns: repeat(2, 1fr); gap: 7mm 10mm; }
  .small.figures { grid-template-columns: repeat(4, 1fr); gap: 5mm; }
  .gallery { grid-template-columns: repeat(6, 1fr); gap: 5mm 4mm; }
  .card { font-size: 7pt; }
  .card p.soft { font-size: 6.5pt; }
  .scroll { overflow: visible; }
  .matrix.large { min-width: 0; font-size: 6pt; }
}
)";

}  // namespace

std::string report_style() {
  std::string style;
  for (const std::string_view part :
       {kColors, kText, kTables, kFigures, kCharts, kGallery, kMedia}) {
    style += part;
  }
  return style;
}

std::string figure_style() {
  constexpr std::string_view kSans = R"(
svg { --sans: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
svg .paper { fill: var(--paper); }
svg .title { font-size: 16px; font-weight: 600; } svg .panel { font-size: 13px; font-weight: 600; }
)";
  std::string style;
  for (const std::string_view part : {kColors, kSans, kCharts}) style += part;
  return style;
}

}  // namespace bnn
