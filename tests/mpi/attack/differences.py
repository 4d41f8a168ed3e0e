"""Ranks that do not fit together, or fail alone: refused by name, in one sentence."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from training import Attack, Programs, Workplace, seconds_to_end, tell, write_data

BLAS = ["--products", "openblas"]


@dataclass
class Start:
    """How a rank is started: words before the program, its options, its data, the program itself."""

    before: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    data: str = "."
    program: str = ""


@dataclass
class Case:
    """Two ranks, and what the error says."""

    says: str
    code: int
    first: Start
    second: Start
    what: str


def mix_launchers(attack: Attack) -> None:
    """Each launcher with the program of the other MPI."""
    place = attack.place("launchers", 2)
    for mpi, other in (attack.mpis, attack.mpis[::-1]):
        run = place.launch([mpi.launcher, "-np", "2", other.trainer, *place.words("run", [])])
        text = run.communicate(timeout=60)[0]
        seconds_to_end(place.folder)
        assert run.returncode == 2 and "built for another MPI" in text, f"{run.returncode}: {text}"
        assert not (place.folder / "run").exists()
        tell(f"launchers: {mpi.name}'s launcher and {other.name}'s program: refused with code 2")


def kernel(name: str) -> Start:
    return Start(before=["env", f"OPENBLAS_CORETYPE={name}"], options=BLAS)


def differ(attack: Attack) -> None:
    """The first rank has what is right, the second something else."""
    for mpi in attack.mpis:
        place = attack.place(f"differences-{mpi.name}", 2)
        write_data(place.folder / "other", seed=2)
        (place.folder / "torn").mkdir()
        shutil.copy(place.folder / "labels", place.folder / "torn")
        (place.folder / "torn" / "images").write_bytes((place.folder / "images").read_bytes()[:999])
        renamed = place.folder / "bnn-train-mpi"
        renamed.write_bytes(Path(mpi.trainer).read_bytes() + b"another")
        renamed.chmod(0o755)
        shutil.copy(place.folder / "config.json", place.folder / "copied.json")
        good = Start()
        for case in [
            Case("the checksum of the data", 3, good, Start(data="other"), "other images"),
            Case("the options", 3, good, Start(options=["--set", "training.epochs=3"]), "another --set"),
            Case("the options", 3, good, Start(options=["--config", "copied.json"]), "another --config"),
            Case("the program", 3, good, Start(program=str(renamed)), "another program"),
            Case("the arithmetic", 3, kernel("Haswell"), kernel("Sandybridge"), "other OpenBLAS kernels"),
            Case("rank 1 of 2", 4, good, Start(data="nowhere"), "no data"),
            Case("rank 1 of 2", 4, good, Start(data="torn"), "data that end early"),
            Case("rank 1 of 2", 2, good, Start(options=["--epochs", "many"]), "a wrong option")]:
            refuse(mpi, place, case)


def words_of(mpi: Programs, place: Workplace, start: Start) -> list[str]:
    words = place.words("run", start.options, start.data)
    if "--config" in start.options:
        words = words[2:]
    return ["-np", "1", *start.before, start.program or mpi.trainer, *words]


def refuse(mpi: Programs, place: Workplace, case: Case) -> None:
    run = place.launch([mpi.launcher, *words_of(mpi, place, case.first), ":",
                        *words_of(mpi, place, case.second)])
    text = run.communicate(timeout=120)[0]
    seconds_to_end(place.folder)
    assert run.returncode == case.code, f"{case.what}: {run.returncode}: {text}"
    said = re.findall("^bnn-train-mpi: .*$", text, re.MULTILINE)
    assert len(said) == 1 and case.says in said[0], text
    assert not (place.folder / "run").exists(), f"{case.what}: a run folder was made"
    tell(f"differences: {mpi.name}: a rank with {case.what}: refused with code {case.code}, for "
         f"{case.says!r}")


def fail_alone(attack: Attack) -> None:
    """Rank 0 cannot save any more; another rank is out of memory."""
    for mpi in attack.mpis:
        place = attack.place(f"alone-{mpi.name}", 3000)
        run = place.start(mpi, 4, "run", [])
        place.wait_for_lines(run, "run", 6)
        (place.folder / "run" / "checkpoints").rename(place.folder / "moved")
        time.sleep(0.5)
        run.send_signal(signal.SIGUSR1)
        assert end_with_one_sentence(run, place, "checkpoints/last.safetensors") == 6
        tell(f"alone: {mpi.name}: rank 0 could not save: after a signal all ended with code 6")
        code = end_with_one_sentence(start_in_little_memory(mpi, place), place, "rank 1 of 2")
        tell(f"alone: {mpi.name}: a rank without memory named itself, and all ended with code {code}")


def start_in_little_memory(mpi: Programs, place: Workplace) -> subprocess.Popen[str]:
    """Rank 1 has too little for its images."""
    rank = ["-np", "1", mpi.trainer, *place.words("short", [])]
    return place.launch([mpi.launcher, *rank, ":", "-np", "1", "prlimit", "--data=40000000", *rank[2:]])


def end_with_one_sentence(run: subprocess.Popen[str], place: Workplace, part: str) -> int:
    text = run.communicate(timeout=60)[0]
    seconds_to_end(place.folder)
    said = re.findall("^bnn-train-mpi: error: .*$", text, re.MULTILINE)
    assert len(said) == 1 and part in said[0], f"{run.returncode}: {text}"
    return run.returncode


def mix_vectors(attack: Attack) -> None:
    """A rank on this processor, and one on an emulated processor with other vectors."""
    place, mpi = attack.place("vectors", 2), attack.mpis[0]
    flags = Path("/proc/cpuinfo").read_text().split()
    if "avx2" not in flags:
        return tell("vectors: left out, since this processor has no AVX2")
    place.alone(mpi, "whole", [])
    own = "AVX-512" if "avx512f" in flags else "AVX2"
    for order in (1, -1):
        out = f"run{order}"
        run, text = run_mixed(mpi, place, out, "max", order)
        assert run.returncode == 0, text
        assert place.tensors(out) == place.tensors("whole"), "other bits"
        names = f"{own} and AVX2 (emulated)" if order == 1 else f"AVX2 (emulated) and {own}"
        tell(f"vectors: two ranks with {names} have the bits of one process")
    run, text = run_mixed(mpi, place, "old", "Nehalem", 1)
    assert run.returncode == 3 and "the arithmetic" in text, f"{run.returncode}: {text}"
    tell("vectors: a rank without fused multiply-adds (emulated): refused with code 3, for 'the arithmetic'")


def run_mixed(mpi: Programs, place: Workplace, out: str, processor: str, order: int):
    own = ["-np", "1", mpi.trainer, *place.words(out, [])]
    emulated = ["-np", "1", "qemu-x86_64", "-cpu", processor, *own[2:]]
    first, second = (own, emulated)[::order]
    run = place.launch([mpi.launcher, "--mca", "btl", "tcp,self", *first, ":", *second])
    text = run.communicate(timeout=600)[0]
    return run, text
