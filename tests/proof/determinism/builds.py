"""The program, built in other ways, and for processors that are emulated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from determinism.comparison import NOTHING, TENSORS
from determinism.variations import Variation, of_program
from harness.build import build_tree

RELEASE = "-DCMAKE_BUILD_TYPE=Release"


@dataclass(frozen=True)
class Build:
    name: str
    folder: str
    options: tuple[str, ...]
    promise: str


PORTABLE = Build("portable build", "portable", ("-DBNN_NATIVE=OFF", RELEASE), TENSORS)
BUILDS = (
    PORTABLE,
    Build("-O1 instead of -O3", "o1", ("-DCMAKE_BUILD_TYPE=Release",
                                       "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG"), NOTHING),
    Build("without optimisation", "debug", ("-DCMAKE_BUILD_TYPE=Debug",), NOTHING),
    Build("clang, native", "clang", ("-DCMAKE_CXX_COMPILER=clang++", RELEASE), NOTHING),
    Build("clang, portable", "clang-portable",
          ("-DCMAKE_CXX_COMPILER=clang++", "-DBNN_NATIVE=OFF", RELEASE), NOTHING))
# (processor of qemu, what its vectors are, promise): one with AVX2 and FMA, one with neither.
PROCESSORS = (("Haswell", "AVX2 and FMA", TENSORS), ("Nehalem", "SSE4.2", NOTHING))


def make(build: Build, place: Path) -> str:
    """The path of bnn-train."""
    folder = place / build.folder
    build_tree(folder, "-DBNN_TESTS=OFF", "-DBNN_LIBRARY=OFF", *build.options,
               targets=["bnn-program"])
    return str(folder / "bnn-train")


def other_programs(place: Path) -> list[Variation]:
    programs = {build.folder: make(build, place) for build in BUILDS}
    of_builds = [of_program(build.name, build.promise, [programs[build.folder]])
                 for build in BUILDS]
    emulated = [of_program(f"portable build on an emulated {name} ({vectors})", promise,
                           ["qemu-x86_64", "-cpu", name, "-0", "bnn-train",
                            programs[PORTABLE.folder]])
                for name, vectors, promise in PROCESSORS]
    return of_builds + emulated
