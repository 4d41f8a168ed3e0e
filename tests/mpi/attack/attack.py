"""The parts of the attack. Each prints what held, and raises AssertionError where something did not."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from hosts import attack_hosts
from training import (Programs, Workplace, all_have_ended, environment, ranks_of, write_data)

RANKS = (1, 2, 4, 8)


class Attack:
    def __init__(self, mpis: list[Programs], folder: Path, kills: int, seed: int):
        self.mpis, self.folder, self.kills = mpis, folder, kills
        self.random = random.Random(seed)

    def place(self, name: str, epochs: int) -> Workplace:
        return Workplace(self.folder / name, epochs)

    def kill_ranks(self) -> None:
        """SIGKILL of a random rank at a random time; other numbers of ranks go on."""
        place, killed, finished = self.place("kills", 500), 0, 0
        place.alone(self.mpis[0], "whole", [])
        expected = place.result("whole")
        while killed < self.kills:
            out = f"run{finished}"
            while killed < self.kills and self.kill_one(place, out):
                killed += 1
            ranks = self.random.choice(RANKS)
            if ranks == 1:
                place.alone(self.mpis[0], out, ["--resume-or-start"])
            else:
                run = place.start(self.random.choice(self.mpis), ranks, out, ["--resume-or-start"])
                text = run.communicate(timeout=300)[0]
                assert run.returncode == 0, text
            assert place.result(out) == expected, f"{out}: other bits than those of one process"
            finished += 1
        print(f"kills: {killed} SIGKILLs of a rank in {finished} runs: all ranks ended, and the "
              "resumed runs have the bits of one that nothing disturbed", flush=True)

    def kill_one(self, place: Workplace, out: str) -> bool:
        """False if the run was done before."""
        run = place.start(self.random.choice(self.mpis), self.random.choice(RANKS[1:]), out,
                          ["--resume-or-start"])
        time.sleep(self.random.uniform(0.3, 4))
        ranks = ranks_of(run.pid)
        if not ranks or run.poll() is not None:
            run.communicate(timeout=300)
            return False
        os.kill(self.random.choice(ranks), signal.SIGKILL)
        text = run.communicate(timeout=60)[0]
        assert all_have_ended(ranks), f"ranks go on after one was killed: {text}"
        return True

    def send_signals(self) -> None:
        """Signals to the launcher, and to one rank."""
        for mpi in self.mpis:
            for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
                for to_rank in (False, True):
                    self.send(mpi, number, to_rank)

    def send(self, mpi: Programs, number: signal.Signals, to_rank: bool) -> None:
        whom = "a rank" if to_rank else "the launcher"
        name = f"{mpi.name}-{number.name}-{'rank' if to_rank else 'launcher'}"
        place = self.place(name, 3000)
        run = place.start(mpi, 4, "run", [])
        place.wait_for_lines("run", 6)
        ranks = ranks_of(run.pid)
        os.kill(self.random.choice(ranks) if to_rank else run.pid, number)
        text = run.communicate(timeout=60)[0]
        assert all_have_ended(ranks), text
        if to_rank:
            assert run.returncode == 128 + number, f"{run.returncode}: {text}"
        step = place.step("run")
        place.alone(mpi, "whole", ["--max-steps", str(step)])
        place.alone(mpi, "run", ["--resume", "--max-steps", str(step)])
        assert place.result("run") == place.result("whole"), f"{name}: other bits"
        print(f"signals: {mpi.name}: {number.name} to {whom}: code {run.returncode}, a checkpoint "
              f"after step {step} with the bits of one process", flush=True)

    def stall(self) -> None:
        """A rank that is stopped, for less than the limit and for ever."""
        for mpi in self.mpis:
            place = self.place(f"stall-{mpi.name}", 60)
            place.alone(mpi, "whole", [])
            run = place.start(mpi, 4, "run", ["--stall-limit", "30"])
            place.wait_for_lines("run", 4)
            rank = ranks_of(run.pid)[1]
            os.kill(rank, signal.SIGSTOP)
            time.sleep(18)
            os.kill(rank, signal.SIGCONT)
            text = run.communicate(timeout=120)[0]
            assert run.returncode == 0 and place.result("run") == place.result("whole"), text
            assert text.count("warning: a step waits") == 1, text
            print(f"stalls: {mpi.name}: a rank that slept 18 of 30 seconds was named once, and the "
                  "run went on with the same bits", flush=True)
            run = place.start(mpi, 4, "hung", ["--stall-limit", "4"])
            place.wait_for_lines("hung", 4)
            ranks = ranks_of(run.pid)
            os.kill(ranks[2], signal.SIGSTOP)
            text = run.communicate(timeout=60)[0]
            assert run.returncode == 70 and "error: a step waited" in text, text
            assert all_have_ended(ranks), text
            print(f"stalls: {mpi.name}: a rank that hung was named, and all ended with code 70",
                  flush=True)

    def mix_launchers(self) -> None:
        """Each launcher with the program of the other MPI."""
        place = self.place("launchers", 2)
        for mpi, other in (self.mpis, reversed(self.mpis)):
            run = place.launch([mpi.launcher, "-np", "2", other.trainer, *place.words("run", [])])
            text = run.communicate(timeout=60)[0]
            assert run.returncode == 2 and "built for another MPI" in text, text
            assert not (place.folder / "run").exists()
            print(f"launchers: {mpi.name}'s launcher and {other.name}'s program: refused with code 2",
                  flush=True)

    def differ(self) -> None:
        """Two ranks that do not have the same."""
        place = self.place("differences", 2)
        write_data(place.folder / "other", seed=2)
        kernels = [["env", f"OPENBLAS_CORETYPE={kernel}"] for kernel in ("Haswell", "Sandybridge")]
        blas = ["--products", "openblas"]
        # What the error says, its code, words before both programs, options of both, data of the second.
        cases = [("the checksum of the data", 3, ([], []), ([], []), "other"),
                 ("the options", 3, ([], []), ([], ["--epochs", "3"]), "."),
                 ("the arithmetic", 3, kernels, (blas, blas), "."),
                 ("rank 1 of 2", 4, ([], []), ([], []), "nowhere")]
        mpi = self.mpis[0]
        for part, code, before, options, data in cases:
            run = place.launch([mpi.launcher, "-np", "1", *before[0], mpi.trainer,
                                *place.words("run", options[0]), ":", "-np", "1", *before[1],
                                mpi.trainer, *place.words("run", options[1], data)])
            text = run.communicate(timeout=60)[0]
            assert run.returncode == code and part in text, f"{run.returncode}: {text}"
            assert text.count("bnn-train-mpi: error: ") == 1, text
            assert not (place.folder / "run").exists()
            print(f"differences: {part}: refused with code {code}", flush=True)

    def mix_vectors(self) -> None:
        """A rank on this processor, and one on an emulated processor with other vectors."""
        place, mpi = self.place("vectors", 2), self.mpis[0]
        place.alone(mpi, "whole", [])
        run = place.launch([mpi.launcher, "--mca", "btl", "tcp,self", "-np", "1", mpi.trainer,
                            *place.words("run", []), ":", "-np", "1", "qemu-x86_64", "-cpu", "max",
                            mpi.trainer, *place.words("run", [])])
        text = run.communicate(timeout=600)[0]
        assert run.returncode == 0, text
        assert place.result("run") == place.result("whole"), "other bits"
        flags = Path("/proc/cpuinfo").read_text().split()
        own = "AVX-512" if "avx512f" in flags else "AVX2"
        print(f"vectors: a rank with {own} and one with AVX2 have the bits of one process",
              flush=True)

    def two_hosts(self) -> None:
        place = self.place("hosts", 5)
        place.alone(self.mpis[0], "whole", [])
        print("hosts: " + attack_hosts(place, self.mpis[0], environment()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("build", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parts = {"kills": Attack.kill_ranks, "signals": Attack.send_signals, "stalls": Attack.stall,
             "launchers": Attack.mix_launchers, "differences": Attack.differ,
             "vectors": Attack.mix_vectors, "hosts": Attack.two_hosts}
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    options = parser.parse_args()
    mpis = [Programs(name, (options.build / name).absolute()) for name in ("openmpi", "mpich")]
    with tempfile.TemporaryDirectory() as folder:
        attack = Attack(mpis, Path(folder), options.kills, options.seed)
        for name in options.only:
            try:
                parts[name](attack)
            except (AssertionError, subprocess.SubprocessError) as failure:
                raise SystemExit(f"tests/mpi.sh: error: {name}: {failure}") from failure


main()
