"""What is measured in one round, each run in a process of its own, one after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from networks import KINDS, NETWORKS, SIX_CONVOLUTIONS, Conv, Network
from programs import Programs
from records import Key, Records
from torch_setup import TorchSetup, fastest

THREADS = (1, 2)
FULL_SET = 50_000   # images of CIFAR-10's training set
MEMORY_STEPS = 5
Setups = dict[Key, TorchSetup]


def training_key(program: str, network: Network, kind: str, threads: int) -> Key:
    """The name of a training rate, in images a second."""
    return Key("training", program, network.name, kind, threads)


def prediction_key(program: str, network: Network, threads: int) -> Key:
    """The name of a prediction rate, in images times samples a second."""
    return Key("prediction", program, network.name, "flipout", threads)


def memory_key(program: str) -> Key:
    """The name of the peak memory of training, in bytes."""
    return Key("memory", program, SIX_CONVOLUTIONS.name, "flipout", max(THREADS))


def untuned_key(network: Network) -> Key:
    """The name of the training rate of PyTorch's flipout without any set-up, on one thread."""
    return Key("training", "torch", network.name, "flipout, untuned", 1)


SGEMM = Key("sgemm", "bnn", "", "", 1)
START = Key("start", "bnn", SIX_CONVOLUTIONS.name, "flipout", max(THREADS))


def choose_setups(programs: Programs) -> Setups:
    """The fastest set-up of PyTorch for each network, kind and number of threads."""
    setups: Setups = {}
    for network in NETWORKS.values():
        has_images = any(isinstance(layer, Conv) for layer in network.layers)
        for threads in THREADS:
            for kind in KINDS:
                setups[training_key("torch", network, kind, threads)] = fastest(
                    partial(programs.torch_rate, network, kind, threads), has_images, threads)
            setups[prediction_key("torch", network, threads)] = fastest(
                partial(programs.torch_sample_rate, network, threads), has_images, threads)
    return setups


def measure_training(programs: Programs, setups: Setups, records: Records, number: int) -> None:
    """The rates of all networks; the rate of a matrix product right before the network that is
    compared with it."""
    for network in NETWORKS.values():
        if network is SIX_CONVOLUTIONS:
            records.add(SGEMM, number, programs.sgemm_flops())
        for threads in THREADS:
            for kind in KINDS:
                key = training_key("bnn", network, kind, threads)
                records.add(key, number, programs.bnn_rate(network, kind, threads))
            for kind in KINDS:
                key = training_key("torch", network, kind, threads)
                rate = programs.torch_rate(network, kind, threads, setups[key])
                records.add(key, number, rate)
        measure_untuned(programs, network, records, number)


def measure_untuned(programs: Programs, network: Network, records: Records, number: int) -> None:
    """PyTorch as it comes: the default layout, and glibc takes memory back after each use."""
    rate = programs.torch_rate(network, "flipout", 1, TorchSetup(keep_memory=False))
    records.add(untuned_key(network), number, rate)


def measure_prediction(programs: Programs, setups: Setups, records: Records,
                       number: int) -> None:
    """The rates of all networks."""
    for network in NETWORKS.values():
        for threads in THREADS:
            records.add(prediction_key("bnn", network, threads), number,
                        programs.bnn_sample_rate(network, threads))
            key = prediction_key("torch", network, threads)
            records.add(key, number, programs.torch_sample_rate(network, threads, setups[key]))


def measure_full_set(programs: Programs, setups: Setups, records: Records, number: int) -> None:
    """Peak memory of training, and the time to the end of the first step, with as many images as
    CIFAR-10 has. PyTorch gives memory back to the kernel here, which costs it speed and saves it
    memory. The images are in the file cache when time counts."""
    network, threads = SIX_CONVOLUTIONS, max(THREADS)
    data = programs.data(network, FULL_SET)
    config = programs.config(network, "flipout")
    ours, _ = programs.bnn_train(config, data, threads, "--max-steps", str(MEMORY_STEPS))
    records.add(memory_key("bnn"), number, ours.peak_bytes)
    fast = setups[training_key("torch", network, "flipout", threads)]
    port, _ = programs.torch(network, "flipout", data, threads, replace(fast, keep_memory=False),
                             "--max-steps", str(MEMORY_STEPS))
    records.add(memory_key("torch"), number, port.peak_bytes)
    start, _ = programs.bnn_train(config, data, threads, "--max-steps", "1")
    records.add(START, number, start.seconds)
