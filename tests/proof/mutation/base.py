"""The build of the unchanged tree that all mutants share: its objects, its commands, its tests."""

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
TESTS = "CMakeFiles/bnn-tests.dir/tests"


def words_of(command: str) -> list[str]:
    """The first command of a line of Ninja's."""
    return shlex.split(command.removeprefix(": && ").split(" && ")[0])


@dataclass(frozen=True)
class Base:
    """Files of one object each, compiled at -O1 and the tests at -O0, and a dynamic OpenBLAS: what
    compiles and links quickly."""

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
        """Objects by the file of the tree that they were made of."""
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
        return words_of(self.run(["ninja", "-t", "commands", target]).splitlines()[-1])
