"""Two hosts on one machine: network namespaces with a virtual cable, each with a name of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from training import STEPS, Attack, Programs, Workplace, rank_of, seconds_to_end, tell, trainers_in

EXAMPLES = 12000  # many steps between what is waited for without a limit: validating and saving
NAMES = ("bnn-host-a", "bnn-host-b")
ADDRESSES = ("10.98.76.1", "10.98.76.2")
SETUP = [
    f"ip netns add {NAMES[0]}", f"ip netns add {NAMES[1]}",
    f"ip link add bnn-a netns {NAMES[0]} type veth peer name bnn-b netns {NAMES[1]}",
    f"ip -n {NAMES[0]} addr add {ADDRESSES[0]}/24 dev bnn-a",
    f"ip -n {NAMES[1]} addr add {ADDRESSES[1]}/24 dev bnn-b",
    f"ip -n {NAMES[0]} link set bnn-a up", f"ip -n {NAMES[1]} link set bnn-b up",
    f"ip -n {NAMES[0]} link set lo up", f"ip -n {NAMES[1]} link set lo up"]
# What Open MPI calls instead of ssh: the address, then the words of a shell.
AGENT = f"""#!/bin/sh
shift
exec ip netns exec {NAMES[1]} unshare --uts sh -c "hostname {NAMES[1]}; $*"
"""


def remove() -> None:
    for name in NAMES:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def two_hosts(attack: Attack) -> None:
    if os.geteuid() != 0:
        return tell("hosts: left out, since network namespaces need root")
    remove()
    for line in SETUP:
        done = subprocess.run(line.split(), check=False, capture_output=True, text=True)
        if done.returncode != 0:
            remove()
            return tell(f"hosts: left out: {line}: {done.stderr.strip()}")
    try:
        place, mpi = attack.place("hosts", 1, EXAMPLES), attack.mpis[0]
        Hosts(place, mpi).attack()
    finally:
        remove()


class Hosts:
    """Two ranks on each host, in a workplace."""

    def __init__(self, place: Workplace, mpi: Programs):
        self.place, self.mpi = place, mpi
        agent = place.folder / "agent"
        agent.write_text(AGENT)
        agent.chmod(0o755)
        network = ADDRESSES[0].rsplit(".", 1)[0] + ".0/24"
        self.launcher = [
            mpi.launcher, "--host", ",".join(f"{address}:2" for address in ADDRESSES),
            "--mca", "plm_rsh_agent", str(agent), "--mca", "btl", "tcp,self",
            "--mca", "btl_tcp_if_include", network, "--mca", "oob_tcp_if_include", network]

    def launch(self, words: list[str]) -> subprocess.Popen[str]:
        """On the first host."""
        return self.place.launch(["ip", "netns", "exec", NAMES[0], "unshare", "--uts", "sh", "-c",
                                  f'hostname {NAMES[0]}; exec "$@"', "sh", *self.launcher, *words])

    def start(self, out: str, more: list[str]) -> subprocess.Popen[str]:
        return self.launch(["-np", "4", self.mpi.trainer, *self.place.words(out, more)])

    def attack(self) -> None:
        self.train()
        self.differ()
        self.kill()
        self.pull_the_cable()

    def train(self) -> None:
        self.place.alone(self.mpi, "whole", STEPS)
        run = self.start("run", STEPS)
        text = run.communicate(timeout=300)[0]
        assert run.returncode == 0, text
        assert self.place.result("run") == self.place.result("whole"), "two hosts give other bits"
        tell("hosts: four ranks on two hosts, over TCP, have the bits of one process")

    def differ(self) -> None:
        run = self.launch(["-np", "2", self.mpi.trainer, *self.place.words("x", []), ":", "-np", "2",
                           self.mpi.trainer, *self.place.words("x", ["--epochs", "9"])])
        text = run.communicate(timeout=120)[0]
        assert run.returncode == 3 and all(name in text for name in NAMES), text
        tell("hosts: what differs between them is named, with both hosts")

    def kill(self) -> None:
        run = self.start("killed", [*STEPS, "--epochs", "3000"])
        self.place.wait_for_lines(run, "killed", 6)
        last = next(p for p in trainers_in(self.place.folder) if rank_of(p) == 3)
        os.kill(last, signal.SIGKILL)
        begin = time.monotonic()
        text = run.communicate(timeout=60)[0]
        assert run.returncode != 0, text
        seconds_to_end(self.place.folder)
        tell("hosts: a rank on the other host was killed: all ranks of both had ended after "
             f"{time.monotonic() - begin:.1f} seconds")

    def pull_the_cable(self) -> None:
        """All ranks end by themselves. The launcher itself may wait until the network tells it."""
        run = self.start("cut", [*STEPS, "--epochs", "3000", "--stall-limit", "2"])
        self.place.wait_for_lines(run, "cut", 2)
        time.sleep(0.1)  # steps are made again
        link = ["ip", "-n", NAMES[1], "link", "set", "bnn-b"]
        subprocess.run([*link, "down"], check=True)
        try:
            seconds = seconds_to_end(self.place.folder, 40)
        finally:
            subprocess.run([*link, "up"], check=True)
        text = run.communicate(timeout=60)[0]
        assert run.returncode == 70, f"{run.returncode}: {text}"
        assert f"no sign of: rank 2 of 4 on {NAMES[1]}, rank 3 of 4 on {NAMES[1]}" in text, text
        tell(f"hosts: the cable was pulled: the ranks that gave no sign were named, and all had ended after "
             f"{seconds:.1f} seconds, with a stall limit of 2; code 70")
