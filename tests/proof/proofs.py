"""Runs proofs, whole or in parts, and keeps the ledger."""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import time
import traceback
from pathlib import Path

from harness.ledger import Ledger, Version
from harness.machine import commit, changed_source, source
from harness.proof import NotPossible, Part, Proof

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- the ledger's summary, written by run.sh -->", "<!-- its end -->"


def all_proofs() -> list[Proof]:
    """Those of the folders that hold a proof.py, in the order of the README's table."""
    modules = [importlib.import_module(f"{file.parent.name}.proof")
               for file in HERE.glob("*/proof.py") if file.parent.name != "harness"]
    return sorted((module.PROOF for module in modules), key=lambda proof: proof.order)


def share(text: str) -> tuple[int, int]:
    """K and N of --part."""
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f"'{text}': expected K/N with K from 1 to N")
    return int(index), int(count)


def options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="a small share of each")
    parser.add_argument("--part", type=share, metavar="K/N", help="one part of N")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (default: 1)")
    parser.add_argument("--minutes", type=float, default=float("inf"),
                        help="start no part that would end later")
    parser.add_argument("--list", action="store_true", help="what the ledger has and lacks")
    parser.add_argument("--build", type=Path, default=Path("build"), help="built programs")
    parser.add_argument("--folder", type=Path, help="for what the proofs write")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in names]
    if unknown:
        parser.error(f"there is no proof '{unknown[0]}'; expected one of {', '.join(names)}")
    if chosen.part and len(chosen.names) != 1:
        parser.error("--part needs the name of one proof")
    return chosen


def run_part(proof: Proof, part: Part, ledger: Ledger | None) -> bool:
    """Whether everything held."""
    shutil.rmtree(part.folder, ignore_errors=True)
    part.folder.mkdir(parents=True)
    where = "quick" if part.is_quick else f"part {part.index}/{part.count}, seed {part.seed}"
    print(f"== {proof.name}, {where}", flush=True)
    start, version = time.monotonic(), Version(source(), commit())
    try:
        outcome = proof.run(part)
    except NotPossible as reason:
        print(f"  NOT TRIED: {reason}", flush=True)
        return part.is_quick
    except Exception:  # it says nothing of the product; the other proofs go on
        traceback.print_exc()
        print(f"  {proof.name} did not reach its end", flush=True)
        return False
    seconds = time.monotonic() - start
    for finding in outcome.findings:
        print(f"  FOUND: {finding}")
    print(f"  {outcome.tried} {proof.unit}, {len(outcome.findings)} findings, {seconds:.0f} s"
          + (f"; {outcome.detail}" if outcome.detail else ""), flush=True)
    is_empty = outcome.tried == 0 and not outcome.findings
    if ledger and not is_empty:
        ledger.add(proof, part, outcome, seconds, version)
        renew_page(ledger)
    return not outcome.findings and not is_empty


def renew_page(ledger: Ledger) -> None:
    """Puts the ledger's summary for this source between the marks of the README."""
    page = HERE / "README.md"
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    summary = ledger.summary(all_proofs(), source())
    table = f"\nSource {source()}, the last part at {commit()}:\n\n{summary}\n\n"
    page.write_text(before + begin + table + end + after)


def main() -> int:
    proofs = all_proofs()
    chosen = options([proof.name for proof in proofs])
    if chosen.names:
        proofs = [proof for proof in proofs if proof.name in chosen.names]
    ledger = Ledger(HERE / "ledger.csv")
    if chosen.list:
        print(ledger.summary(proofs, source()))
        return 0
    build = chosen.build.resolve()
    folder = (chosen.folder or build / "proof").resolve()

    def part_of(proof: Proof, index: int, count: int) -> Part:
        return Part(index, count, chosen.seed, chosen.quick, build, folder / proof.name)

    if chosen.quick:
        return 0 if all([run_part(proof, part_of(proof, 1, 1), None) for proof in proofs]) else 1
    if changed_source():
        print(f"run.sh: error: {changed_source()} differs from commit {commit()}; the ledger takes "
              "what was tried on a commit", file=sys.stderr)
        return 2
    if chosen.part:
        return 0 if run_part(proofs[0], part_of(proofs[0], *chosen.part), ledger) else 1
    end = time.monotonic() + 60 * chosen.minutes
    all_held = True
    for proof in proofs:
        for index in ledger.missing(proof, source(), chosen.seed):
            if time.monotonic() + 60 * proof.minutes <= end:
                all_held &= run_part(proof, part_of(proof, index, proof.parts), ledger)
    return 0 if all_held else 1


if __name__ == "__main__":
    sys.exit(main())
