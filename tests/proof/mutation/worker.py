"""A copy of the sources in which one mutant at a time is built; the tree itself never changes."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from harness.machine import ROOT
from mutation.base import TESTS, Base, is_far
from mutation.mutants import Mutant

PROGRAMS = ("bnn-train", "bnn-eval", "bnn-predict", "bnn-compare", "bnn-export")
PLACES = f"{TESTS}support/places.cpp.o"  # which tells the tests where the programs are
MEMORY, FILE = 8 << 30, 1 << 30  # bytes that a mutant may take, since some never stop


class NotBuilt(Exception):
    """The compiler or the linker refuses the mutant."""


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass
class Worker:
    base: Base
    folder: Path
    replaced: dict[str, Path] = field(default_factory=dict)  # objects of the mutant

    def __post_init__(self) -> None:
        shutil.rmtree(self.tree, ignore_errors=True)
        for name in ("src", "include", "tests"):
            shutil.copytree(ROOT / name, self.tree / name, ignore=shutil.ignore_patterns("proof"))

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    def own(self, word: str) -> str:
        """A word of the compiler's command, with the copy in place of the tree."""
        return (word.replace(f"{ROOT}/", f"{self.tree}/").replace(f"{ROOT}=.", f"{self.tree}=.")
                .replace(f'BNN_BINARY_DIR="{self.base.folder}"', f'BNN_BINARY_DIR="{self.folder}"'))

    def build(self, words: list[str]) -> None:
        done = subprocess.run(["nice", *words], cwd=self.base.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise NotBuilt(done.stderr[-500:])

    def compile(self, name: str) -> None:
        out = self.folder / "objects" / name
        out.parent.mkdir(parents=True, exist_ok=True)
        words = [self.own(word) for word in self.base.compile_commands[name]]
        words[words.index("-o") + 1] = str(out)
        self.build(words)
        self.replaced[name] = out

    def compile_of(self, mutant: Mutant, far: bool) -> None:
        """Compiles what is made of the file: the product and the near tests, or the far rest."""
        names = [name for name in self.base.readers[mutant.file] if is_far(name) == far]
        place, original = self.tree / mutant.file, (ROOT / mutant.file).read_text()
        place.write_text(mutant.applied(original))
        try:
            for name in sorted(names, key=lambda name: (name.startswith(TESTS), name)):
                self.compile(name)
        finally:
            place.write_text(original)

    def is_equal_code(self) -> bool:
        """Whether the compiler makes the same of the mutant as of the original."""
        return all(path.read_bytes() == (self.base.folder / name).read_bytes()
                   for name, path in self.replaced.items())

    def link(self, command: list[str], output: str) -> Path:
        """Objects of the mutant come first, so the library's of the same names are left out."""
        new = [str(path) for name, path in self.replaced.items()
               if name not in command and not is_far(name) and not name.startswith(TESTS)]
        words = [str(self.replaced.get(word, word)) for word in command]
        out = self.folder / output
        words[words.index("-o") + 1] = str(out)
        self.build([words[0], *new, *words[1:]])
        return out

    def near_tests(self, mutant: Mutant) -> Path | None:
        """The tests of the numerical rooms; nothing if the code is equal."""
        self.replaced = {}
        self.compile_of(mutant, far=False)
        return None if self.is_equal_code() else self.link(self.base.link_near, "near-tests")

    def all_tests(self, mutant: Mutant) -> Path:
        """All tests, with the programs that they run. To be called after `near_tests`."""
        self.compile_of(mutant, far=True)
        self.compile(PLACES)
        self.link(self.base.link_program, "bnn")
        for name in PROGRAMS:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to("bnn")
        return self.link(self.base.link_all, "all-tests")

    def passes(self, tests: Path, cases: Path, timeout: float) -> bool:
        """Whether all cases of a file pass; a crash or a hang is no pass. A busy machine may be slow, so
        only what takes thrice the time in a second try has hung."""
        results = (self.result_of(tests, cases, factor * timeout) for factor in (1, 3))
        return next((result == 0 for result in results if result is not None), False)

    def result_of(self, tests: Path, cases: Path, timeout: float) -> int | None:
        """The exit code, or nothing after so many seconds."""
        words = [str(tests), "--abort", "--warn", "NoTests", "--input-file", str(cases)]
        with subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, preexec_fn=limit,
                              start_new_session=True) as run:
            try:
                return run.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)  # with the programs that the tests run
                return None
