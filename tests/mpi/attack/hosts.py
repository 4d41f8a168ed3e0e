"""Two hosts on one machine: network namespaces with a virtual cable, each with a name of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from training import Programs, Workplace

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


def attack_hosts(place: Workplace, mpi: Programs, environment: dict[str, str]) -> str:
    """What held, or why it was left out."""
    if os.geteuid() != 0:
        return "left out, since network namespaces need root"
    remove()
    for line in SETUP:
        done = subprocess.run(line.split(), check=False, capture_output=True, text=True)
        if done.returncode != 0:
            remove()
            return f"left out: {line}: {done.stderr.strip()}"
    try:
        return train_on_both(place, mpi, environment)
    finally:
        remove()


def train_on_both(place: Workplace, mpi: Programs, environment: dict[str, str]) -> str:
    agent = Path(place.folder / "agent")
    agent.write_text(AGENT)
    agent.chmod(0o755)
    network = ADDRESSES[0].rsplit(".", 1)[0] + ".0/24"
    launch = [mpi.launcher, "--host", ",".join(f"{address}:2" for address in ADDRESSES),
              "--mca", "plm_rsh_agent", str(agent), "--mca", "btl", "tcp,self",
              "--mca", "btl_tcp_if_include", network, "--mca", "oob_tcp_if_include", network,
              "-np", "4", mpi.trainer, *place.words("run", [])]
    words = ["ip", "netns", "exec", NAMES[0], "unshare", "--uts", "sh", "-c",
             f'hostname {NAMES[0]}; exec "$@"', "sh", *launch]
    done = subprocess.run(words, cwd=place.folder, env=environment, capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert place.result("run") == place.result("whole"), "two hosts give other bits"
    # A difference names the other host, which shows that there were two.
    other = [*launch[:launch.index("-np")], "-np", "2", mpi.trainer, *place.words("x", []), ":",
             "-np", "2", mpi.trainer, *place.words("x", ["--epochs", "9"])]
    done = subprocess.run([*words[:words.index(mpi.launcher)], *other], cwd=place.folder,
                          env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 3 and all(name in done.stderr for name in NAMES), done.stderr
    return "four ranks on two hosts, over TCP, have the bits of one process"
