"""Mutants whose fates are known, built by the compiler alone: the proof can fail, and quickly."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.machine import ROOT
from mutation.mutants import Mutant, mutants_of
from mutation.trial import Fate

CONTROL = Path(__file__).resolve().parent / "control"
SOFTMAX, UNTESTED, CHECK = "src/math/softmax.cpp", "untested.cpp", "softmax_check.cpp"
# A line of a file, a change, and what must become of it.
FATES = (
    (ROOT, SOFTMAX, "for (float& p : probabilities) p *= share;", "*= -> /=", Fate.killed),
    (ROOT, SOFTMAX, "sum += static_cast<double>(out[k]);", "+= -> -=", Fate.killed),
    (ROOT, SOFTMAX, "gradient[y] -= scale;", "without gradient[y] -= scale", Fate.killed),
    (CONTROL, UNTESTED, "return sum;", "sum -> {}", Fate.survived),
    (CONTROL, UNTESTED, "for (int i = 1; i <= count; ++i) sum += i * i;", "+= -> -=", Fate.survived),
    (CONTROL, UNTESTED, "if (count * 0 > 0) sum = 0;", "without sum = 0", Fate.equal_code),
    (CONTROL, UNTESTED, "int& same(int& number) { return number; }", "number -> {}", Fate.not_built))


def compiled(folder: Path, text: str, name: str) -> Path | None:
    source, out = folder / "unit.cpp", folder / name
    source.write_text(text)
    words = ["g++", "-std=c++20", "-O1", f"-I{ROOT / 'include'}", "-c", source.name, "-o", out.name]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    return out if done.returncode == 0 else None


def fate_of(folder: Path, root: Path, mutant: Mutant, others: list[Path]) -> Fate:
    text = (root / mutant.file).read_text()
    original = compiled(folder, text, "original.o")
    mutated = compiled(folder, mutant.applied(text), "mutated.o")
    if not mutated:
        return Fate.not_built
    if original and original.read_bytes() == mutated.read_bytes():
        return Fate.equal_code
    program = folder / "check"
    subprocess.run(["g++", *map(str, (mutated, *others)), "-o", str(program)], check=True)
    try:
        passed = subprocess.run([str(program)], timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        passed = False
    return Fate.survived if passed else Fate.killed


def wrong_fates(folder: Path) -> tuple[int, list[str]]:
    """How many were tried, and a sentence for each that met another fate."""
    check = compiled(folder, (CONTROL / CHECK).read_text(), "check.o")
    softmax = compiled(folder, (ROOT / SOFTMAX).read_text(), "softmax.o")
    if not check or not softmax:
        return 0, ["the control does not compile"]
    others = {SOFTMAX: [check], UNTESTED: [check, softmax]}
    wrong = []
    for root, file, line, change, fate in FATES:
        named = [mutant for mutant in mutants_of(root, file)
                 if mutant.line_text == line and mutant.change == change]
        if not named:
            wrong.append(f"the control {file}: `{line}`, {change} is not among the mutants")
            continue
        found = fate_of(folder, root, named[0], others[file])
        if found != fate:
            wrong.append(f"the control {named[0]}: {found.value} instead of {fate.value}")
    return len(FATES), wrong
