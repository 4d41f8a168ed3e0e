"""A copy of the sources in which one mutant at a time is built; the tree itself never changes."""

from __future__ import annotations

import resource
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from harness.machine import ROOT
from mutation.base import TESTS, Base
from mutation.mutants import Mutant

PROGRAMS = ("bnn-train", "bnn-eval", "bnn-predict", "bnn-compare", "bnn-export")
PLACES = f"{TESTS}/support/places.cpp.o"  # which tells the tests where the programs are
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
        for name in ("src", "include", "tests"):
            if not (self.tree / name).exists():
                shutil.copytree(ROOT / name, self.tree / name,
                                ignore=shutil.ignore_patterns("proof", "old_files", "peers"))

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    def own(self, word: str) -> str:
        """A word of the compiler's command, with the copy in place of the tree."""
        return (word.replace(f"{ROOT}/", f"{self.tree}/").replace(f"{ROOT}=.", f"{self.tree}=.")
                .replace(f'BNN_BINARY_DIR="{self.base.folder}"', f'BNN_BINARY_DIR="{self.folder}"'))

    def compile(self, name: str) -> None:
        out = self.folder / "objects" / name
        out.parent.mkdir(parents=True, exist_ok=True)
        words = self.base.compile_commands[name]
        at = words.index("-o")
        words = [self.own(word) for word in words[:at]] + ["-o", str(out)] + [
            self.own(word) for word in words[at + 2:]]
        self.build(["nice", *words])
        self.replaced[name] = out

    def build(self, words: list[str]) -> None:
        done = subprocess.run(words, cwd=self.base.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotBuilt(done.stderr[-500:])

    def is_equal_code(self) -> bool:
        """Whether the compiler makes the same of the mutant as of the original."""
        return all(path.read_bytes() == (self.base.folder / name).read_bytes()
                   for name, path in self.replaced.items())

    def compile_mutant(self, mutant: Mutant) -> None:
        """Compiles what is made of the file: the product's objects, smallest first, then tests."""
        self.replaced = {}
        names = self.base.readers[mutant.file]
        place, original = self.tree / mutant.file, (ROOT / mutant.file).read_text()
        place.write_text(mutant.applied(original))
        try:
            for name in sorted(names, key=lambda name: (name.startswith(TESTS), name)):
                self.compile(name)
        finally:
            place.write_text(original)

    def link(self, target: str, output: str) -> Path:
        """Objects of the mutant come first, so the library's of the same names are left out."""
        words = self.base.link_command(target)
        out = self.folder / output
        at = words.index("-o")
        new = [str(path) for name, path in self.replaced.items() if name not in words]
        words = [str(self.replaced.get(word, word)) for word in words]
        self.build(["nice", words[0], *new, *words[1:at], "-o", str(out), *words[at + 2:]])
        return out

    def link_tests(self) -> Path:
        return self.link("bnn-tests", "bnn-tests")

    def link_with_programs(self) -> Path:
        """The programs as well, and tests that run them."""
        self.link("bnn-program", "bnn")
        for name in PROGRAMS:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to("bnn")
        self.compile(PLACES)
        return self.link_tests()

    def passes(self, tests: Path, cases: Path, timeout: float) -> bool:
        """Whether all cases of a file pass; a crash or a hang is no pass."""
        try:
            done = subprocess.run([str(tests), "--abort", "--input-file", str(cases)],
                                  cwd=self.folder, timeout=timeout, capture_output=True,
                                  check=False, preexec_fn=limit, start_new_session=True)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0
