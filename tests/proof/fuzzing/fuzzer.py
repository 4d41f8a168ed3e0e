"""The instrumented build, and libFuzzer's runs of it."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.targets import SLOT_SECONDS, Slot
from harness.build import build_tree
from harness.memory_folder import memory_folder

HERE = Path(__file__).resolve().parent
COMPILER = "clang++-14"
FLAGS = ("-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all "
         "-fno-omit-frame-pointer -gline-tables-only")
# What libtiff and libpng call: a static library does not say so itself.
NEEDED_LIBRARIES = "-ltiff -ljpeg -lwebp -lz -lzstd -llzma -ldeflate -ljbig -lLerc"
LIMITS = ("-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512")
PROGRAM = "bnn-fuzz"


@dataclass
class Report:
    tried: int = 0
    findings: list[str] = field(default_factory=list)


def corpus_of(target: str) -> Path:
    return HERE / "corpus" / target


def libraries(build: Path) -> Path:
    """The folder of the instrumented libraries, those that could be built."""
    return build / "image-libraries"


def versions(build: Path) -> str:
    """Which sources the instrumented libraries are of, and which libraries are the system's."""
    return "; ".join((libraries(build) / "versions").read_text().splitlines())


def built(build: Path) -> Path:
    """The folder of the build for libFuzzer, brought up to date."""
    folder, prefix = build / "fuzzing", libraries(build)
    subprocess.run([str(HERE / "image_libraries.sh"), str(prefix)], check=True)
    # A library may be new since the last time.
    forgotten = [f"-U{name}*" for name in ("ZLIB_", "PNG_", "JPEG_", "TIFF_", "GIF_", "BNN_WEBP",
                                           "BNN_STB", "BNN_CSV")]
    build_tree(folder, *forgotten, "-DBNN_TESTS=OFF", "-DBNN_LIBRARY=OFF", "-DBNN_PROOFS=ON",
               "-DCMAKE_BUILD_TYPE=Sanitize", f"-DCMAKE_CXX_COMPILER={COMPILER}",
               f"-DCMAKE_CXX_FLAGS={FLAGS}", f"-DCMAKE_PREFIX_PATH={prefix}",
               f"-DCMAKE_CXX_STANDARD_LIBRARIES=-L{prefix}/lib {NEEDED_LIBRARIES}",
               targets=[PROGRAM])
    return folder


def fuzz(program: Path, target: str, folder: Path, seed: int, corpus: Path | None,
         *options: str) -> Report:
    """Runs a target until the options end it, or a finding."""
    found, artifacts = folder / "corpus", folder / "artifacts"
    for place in (found, artifacts):
        place.mkdir(parents=True)
    link = folder / f"{PROGRAM}-{target}"
    link.symlink_to(program)
    words = [str(link), str(found), *([str(corpus)] if corpus else []), f"-seed={seed}", *LIMITS,
             f"-artifact_prefix={artifacts}/", "-print_final_stats=1", *options]
    log = folder / "log"
    with memory_folder(folder) as temporary, log.open("wb") as output:
        done = subprocess.run(words, cwd=folder, check=False, stdout=output, stderr=output,
                              env={**os.environ, "TMPDIR": str(temporary),
                                   "ASAN_OPTIONS": "quarantine_size_mb=16"})
    return judge(target, done.returncode, log.read_text(errors="replace"), artifacts)


def judge(target: str, code: int, log: str, artifacts: Path) -> Report:
    units = re.search(r"stat::number_of_executed_units:\s+(\d+)", log)
    report = Report(tried=int(units[1]) if units else 0)
    inputs = sorted(artifacts.iterdir())
    if code != 0 or inputs:
        why = re.search(r"FOUND: .*|ERROR: .*|SUMMARY: .*|.*runtime error: .*", log)
        shown = " ".join(base64.b64encode(path.read_bytes()).decode()[:600] for path in inputs)
        report.findings.append(f"{target}: {why[0][:300] if why else f'ended with {code}'}; "
                               f"input, base64: {shown or 'none'}")
    return report


def run_slot(program: Path, slot: Slot, folder: Path, seed: int, options: list[str]) -> Report:
    return fuzz(program, slot.target.name, folder, 1000 * seed + slot.number,
                corpus_of(slot.target.name), f"-runs={slot.inputs}",
                f"-max_len={slot.target.length}", f"-max_total_time={SLOT_SECONDS}", *options)


def check_control(program: Path, folder: Path) -> list[str]:
    """The proof itself works: from nothing it finds the magic word of a faulty target, and a
    sanitizer sees what the target then does."""
    report = fuzz(program, "control", folder, 1, None, "-max_total_time=60")
    if any("AddressSanitizer: heap-buffer-overflow" in finding for finding in report.findings):
        return []
    return ["the control, a reader that reads past its buffer, was not found out"]
