"""Whether the mutants of a sample are those that they should be."""

from __future__ import annotations

from pathlib import Path

from mutation.mutants import mutants_of

HERE = Path(__file__).resolve().parent / "control"
EXPECTED = [
    "7: 4 -> 5",
    "10: nothing -> return;",
    "11: 0 -> 1", "11: < -> <=", "11: < -> >", "11: += -> -=", "11: 1 -> 2", "11: 1 -> 0", "11: without to[i] = -i",
    "11: nothing -> + 1", "11: without -",
    "12: > -> >=", "12: > -> <", "12: 2 -> 3", "12: && -> ||", "12: without !", "12: nothing -> + 1",
    "12: 0 -> 1",
    "13: without sort(to, [&](int a, int b) { return a < b; })", "13: a < b -> {}", "13: < -> <=",
    "13: < -> >",
    "15: std::max(0.5 * x, 0.0) + R\"(1 + 1)\"[0] -> {}", "15: max -> min", "15: 0.5 -> 0.25",
    "15: * -> /", "15: 0.0 -> 1.0", "15: + -> -", "15: 0 -> 1",
    "16: n % 2 == 0 ? true : false -> {}", "16: % -> *", "16: 2 -> 3", "16: == -> !=", "16: 0 -> 1",
    "16: true -> false", "16: false -> true"]


def wrong_mutants() -> list[str]:
    found = [f"{mutant.line}: {' '.join(mutant.change.split())}"
             for mutant in mutants_of(HERE, "sample.cpp")]
    return ([f"the sample lacks the mutant {line}" for line in EXPECTED if line not in found]
            + [f"the sample has the mutant {line}" for line in found if line not in EXPECTED])
