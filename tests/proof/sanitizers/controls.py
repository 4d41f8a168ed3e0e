"""Small wrong programs that each tool must find out, or it proves nothing here."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import tiny
from harness.machine import ROOT
from harness.proof import NotPossible

HERE = Path(__file__).parent
# Without it, ThreadSanitizer finds no place for its shadow where the kernel spreads addresses widely.
FIXED_ADDRESSES = ["setarch", "-R"]


def require_fixed_addresses() -> None:
    if subprocess.run([*FIXED_ADDRESSES, "true"], capture_output=True, check=False).returncode != 0:
        raise NotPossible("this system does not run a program at fixed addresses (setarch -R), which "
                          "ThreadSanitizer needs")


@dataclass(frozen=True)
class Control:
    source: str
    flags: tuple[str, ...]
    runner: tuple[str, ...]
    report: str  # that the tool must write


ADDRESS = Control("use_after_free.cpp", ("-fsanitize=address,undefined",), (), "heap-use-after-free")
UNDEFINED = Control("overflow.cpp", ("-fsanitize=address,undefined", "-fno-sanitize-recover=all"), (),
                    "signed integer overflow")
THREAD = Control("data_race.cpp", ("-fsanitize=thread",), tuple(FIXED_ADDRESSES), "data race")
MEMCHECK = Control("uninitialised.cpp", (), ("valgrind", "--quiet", "--error-exitcode=99"),
                   "uninitialised value")


def compiled(source: Path, flags: tuple[str, ...], folder: Path) -> str:
    program = folder / source.stem
    subprocess.run(["g++", "-std=c++20", "-g", "-O1", *flags, "-I", str(ROOT / "include"),
                    str(source), "-o", str(program), "-pthread"], check=True, capture_output=True)
    return str(program)


def check(control: Control, folder: Path) -> list[str]:
    program = compiled(HERE / control.source, control.flags, folder)
    done = tiny.run([*control.runner, program], folder)
    return [] if done.returncode != 0 and control.report in done.stderr.decode() else [
        f"the control {control.source} was not found out"]
