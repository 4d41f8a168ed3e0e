"""The build of the unchanged tree that all mutants share: its objects and its commands."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.machine import ROOT

HERE = Path(__file__).resolve().parent
NUMERICAL = ("math", "bayes", "layers", "train", "infer", "exchange", "corruption", "images")
# Tests that see the numerical rooms without a program: their own, of networks, of several processes.
TESTED = (*NUMERICAL, "model", "determinism")
TESTS = "CMakeFiles/bnn-tests.dir/tests/"
PROGRAM = "CMakeFiles/bnn-program.dir/"


def is_far(name: str) -> bool:
    """Whether an object is part of the program, or of tests that run it."""
    near = (*TESTED, "support")
    return name.startswith(PROGRAM) or (
        name.startswith(TESTS) and name.removeprefix(TESTS).split("/")[0] not in near)


@dataclass(frozen=True)
class Base:
    """Compiled for mutants: one object for each file, the product at -O1 and the tests at -O0, and a
    dynamic OpenBLAS. So a mutant takes one short compilation and a link."""

    folder: Path

    def build(self, jobs: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        self.run(["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(self.folder),
                  "-DBNN_UNITY=OFF", "-DBNN_LIBRARY=OFF", "-DBNN_STATIC_BLAS=OFF",
                  "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld",
                  f"-DCMAKE_PROJECT_INCLUDE={HERE / 'build.cmake'}", *launcher])
        self.run(["nice", "ninja", "-j", str(jobs), "bnn-tests"])

    def run(self, words: list[str]) -> str:
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words[:3])}: {(done.stderr or done.stdout)[-2000:]}")
        return done.stdout

    @cached_property
    def compile_commands(self) -> dict[str, list[str]]:
        """By object, as it is named in the folder."""
        entries = json.loads((self.folder / "compile_commands.json").read_text())
        commands = (shlex.split(entry["command"]) for entry in entries)
        return {words[words.index("-o") + 1]: words for words in commands}

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """Objects by each file of the tree that they are made of."""
        found: dict[str, list[str]] = defaultdict(list)
        name = ""
        for line in self.run(["ninja", "-t", "deps"]).splitlines():
            if line and not line[0].isspace():
                name = line.split(":")[0]
                continue
            path = os.path.normpath(self.folder / line.strip()) if line.strip() else ""
            if path.startswith(f"{ROOT}/") and name in self.compile_commands:
                found[os.path.relpath(path, ROOT)].append(name)
        return found

    def link_command(self, target: str) -> list[str]:
        line = self.run(["ninja", "-t", "commands", target]).splitlines()[-1]
        return shlex.split(line.removeprefix(": && ").split(" && ")[0])

    @cached_property
    def link_all(self) -> list[str]:
        return self.link_command("bnn-tests")

    @cached_property
    def link_near(self) -> list[str]:
        return [word for word in self.link_all if not is_far(word)]

    @cached_property
    def link_program(self) -> list[str]:
        return self.link_command("bnn-program")
