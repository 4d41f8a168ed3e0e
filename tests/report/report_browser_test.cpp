// A report as a browser shows it: headless Chromium opens the page in frames of several widths,
// light and dark, and measures what stands in them. No network is used.

#include <filesystem>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/json_reader.h"
#include "bnn/report/markup.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/report_fixture.h"
#include "support/run_program.h"
#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

const std::vector<int> kWidths = {320, 800, 1280};

// Measures each frame and leaves the numbers as JSON in the element "result".
constexpr auto kMeasure = R"js(
const list = (root, what) => Array.from(root.querySelectorAll(what));
const name = e => e.tagName + "." + (e.className.baseVal ?? e.className) + ":" +
                  e.textContent.slice(0, 40).replace(/[^ -~]/g, "?");
const measure = frame => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const box = e => e.getBoundingClientRect();
  const text = e => list(e, "text").filter(t => t.textContent.trim() !== "");
  const outside = svg => text(svg).filter(t => box(t).left < box(svg).left - 1 ||
      box(t).right > box(svg).right + 1 || box(t).top < box(svg).top - 1 ||
      box(t).bottom > box(svg).bottom + 1);
  const apart = (a, b) => a.right <= b.left + .5 || b.right <= a.left + .5 ||
                          a.bottom <= b.top + 2.5 || b.bottom <= a.top + 2.5;
  const overlap = svg => text(svg).filter((t, i) =>
      text(svg).slice(i + 1).some(u => !apart(box(t), box(u))));
  const within = e => e.closest(".scroll, .who") === null;
  // A click on an image covers the window with it, as large as fits; a second one closes it.
  const small = [];
  const enlarged = details => {
    const image = details.querySelector("img"), cover = details.querySelector("summary");
    const before = box(image).width, height = page.documentElement.scrollHeight;
    cover.click();
    const fits = box(cover).width === page.documentElement.clientWidth &&
        box(cover).height === view.innerHeight &&
        box(image).width >= Math.min(.9 * view.innerWidth, .9 * view.innerHeight - 72, 600) &&
        box(image).right <= box(cover).right && box(image).bottom <= view.innerHeight &&
        view.getComputedStyle(image).imageRendering === "pixelated" &&
        page.documentElement.scrollHeight === height;
    cover.click();
    return fits && box(image).width === before;
  };
  list(page, "details").slice(0, 3).forEach(e => { if (!enlarged(e)) small.push(name(e)); });
  return {
    width: view.innerWidth,
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    paper: view.getComputedStyle(page.body).backgroundColor,
    scroll: page.documentElement.scrollWidth,
    beyond: list(page, "main *").filter(e => within(e) && box(e).right > view.innerWidth + 1).map(name),
    sections: list(page, "section").length,
    figures: list(page, "figure").length,
    images: list(page, "img").length,
    enlarged: list(page, "details").filter(e => e.querySelector("summary > img[alt]")).length,
    small: small,
    flat: list(page, "section, figure, table, svg, img, li, tr").filter(
        e => box(e).width < 5 || box(e).height < 3).map(name),
    silent: list(page, "section, figcaption, caption, h1, h2, h3").filter(
        e => e.textContent.trim() === "").map(name),
    bare: list(page, "svg").filter(e => list(e, "path, rect, circle").length === 0).map(name),
    broken: list(page, "img").filter(e => !e.complete || e.naturalWidth === 0).length,
    cut: list(page, "svg").flatMap(outside).map(name),
    crossing: list(page, "svg").flatMap(overlap).map(name)
  };
};
window.addEventListener("load", () => {
  const result = list(document, "iframe").map(measure);
  document.getElementById("result").textContent = JSON.stringify(result);
});
)js";

std::string frames_page(const std::string& report) {
  std::string page = "<!DOCTYPE html><meta charset=\"utf-8\"><pre id=\"result\"></pre>";
  for (const int width : kWidths) {
    page += "<iframe width=\"" + std::to_string(width) +
            "\" height=\"900\" style=\"border:0\" srcdoc=\"" + escaped(report).text() +
            "\"></iframe>";
  }
  return page + "<script>" + kMeasure + "</script>";
}

// What the browser found in each frame.
Json measured(const std::string& report, bool dark) {
  const TemporaryDirectory folder;
  write_text(folder.file("frames.html"), frames_page(report));
  REQUIRE(std::filesystem::exists("/usr/bin/chromium"));  // Debian's package chromium
  const ProgramRun run = run_program(
      "/usr/bin/chromium",
      {"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
       "--disable-background-networking", "--disable-component-update", "--disable-sync",
       "--disable-dev-shm-usage", "--user-data-dir=" + folder.file("profile"),
       std::string("--blink-settings=preferredColorScheme=") + (dark ? "0" : "1"),
       "--window-size=1400,1000", "--dump-dom", "file://" + folder.file("frames.html")},
      {.directory = folder.path(), .timeout_seconds = 120});
  INFO(run.err);
  REQUIRE_FALSE(run.timed_out);
  const std::string mark = "<pre id=\"result\">";
  const std::size_t begin = run.out.find(mark);
  REQUIRE(begin != std::string::npos);
  std::string text = run.out.substr(begin + mark.size());
  text.erase(text.find("</pre>"));
  for (const auto& [entity, letter] :
       {std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&amp;", "&")}) {
    for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at) {
      text.replace(at, std::string(entity).size(), letter);
    }
  }
  INFO(text);
  REQUIRE(text.starts_with("["));
  return bnn::testing::parsed(text);
}

void check_frames(const Json& frames, bool dark) {
  REQUIRE(frames.size() == kWidths.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Json& frame = frames[i];
    INFO(frame.dump(1));
    CHECK(frame.at("width") == kWidths[i]);
    CHECK(frame.at("dark") == dark);
    CHECK(frame.at("paper") == (dark ? "rgb(22, 23, 26)" : "rgb(255, 254, 251)"));
    CHECK(frame.at("scroll").get<int>() <= kWidths[i]);
    CHECK(frame.at("sections").get<int>() > 0);
    CHECK(frame.at("broken") == 0);
    CHECK(frame.at("enlarged") == frame.at("images"));
    for (const char* list : {"beyond", "flat", "silent", "bare", "cut", "crossing", "small"}) {
      CAPTURE(list);
      CHECK(frame.at(list).empty());
    }
  }
}

}  // namespace

TEST_CASE("a browser shows a full report whole, on any width, light and dark") {
  const std::string page = report_page(full_report());
  for (const bool dark : {false, true}) {
    const Json frames = measured(page, dark);
    check_frames(frames, dark);
    CHECK(frames[0].at("sections") == 10);
    CHECK(frames[0].at("images") == 36);
  }
}

TEST_CASE("a browser shows a report of a hundred classes with hostile names whole") {
  check_frames(measured(report_page(full_report({100, 400, {4, 4, 3}, false})), false), false);
  check_frames(measured(report_page(full_report({20, 2000, {1, 1, 2}, false})), false), false);
}

}  // namespace bnn::testing
