"""The programs that are compared: how each is called, and what its run says."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from image_files import data_config, file_names, write_images
from networks import LEARNING_RATE, Network, bnn_model
from process import Finished, run
from torch_setup import TorchSetup

SAMPLES = 32     # of a Monte Carlo prediction
FEW_SAMPLES = 2  # of the run that is subtracted


@dataclass(frozen=True)
class Programs:
    """Where things are: our programs in `build`, everything that is written under `work`."""

    build: Path
    work: Path

    def data(self, network: Network, examples: int) -> Path:
        """A folder with that many images for the network, made when first asked for."""
        folder = self.work / "data" / f"{network.channels}x{network.size}x{network.size}-{examples}"
        if not all((folder / name).exists() for name in file_names(network)):
            write_images(network, folder, examples)
        return folder

    def config(self, network: Network, kind: str, training: dict | None = None) -> Path:
        """A config file for the network; `training` adds to the keys of that name."""
        config = {"name": network.name, "data": data_config(network),
                  "model": bnn_model(network, kind),
                  "training": {"epochs": 2, "batch_size": network.batch_size,
                               "optimizer": {"learning_rate": LEARNING_RATE}, **(training or {})}}
        path = self.work / f"{network.name}-{kind}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config, indent=1))
        return path

    def bnn_train(self, config: Path, data: Path, threads: int, *options: str,
                  folder: str = "run") -> tuple[Finished, Path]:
        """Runs bnn-train; also the run folder, which the next run of that name replaces."""
        out = self.work / folder
        shutil.rmtree(out, ignore_errors=True)
        return run([str(self.build / "bnn-train"), "--config", str(config), "--data", str(data),
                    "--out", str(out), "--threads", str(threads), *options]), out

    def bnn_rate(self, network: Network, kind: str, threads: int) -> float:
        """Images a second of the second epoch of bnn-train."""
        data = self.data(network, network.examples)
        _, out = self.bnn_train(self.config(network, kind), data, threads)
        lines = (out / "metrics.jsonl").read_text().splitlines()
        return json.loads(lines[-1])["examples_per_second"]

    def bnn_predict(self, checkpoint: Path, data: Path, network: Network, samples: int,
                    saved: Path) -> None:
        """Saves the class probabilities of every sample and image: NPY, [samples][N][classes]."""
        run([str(self.build / "bnn-predict"), str(checkpoint), str(data / file_names(network)[0]),
             "--samples", str(samples), "--save-samples", str(saved)])

    def bnn_sample_rate(self, network: Network, threads: int) -> float:
        """Images times Monte Carlo samples a second of bnn-eval: SAMPLES divided by what they take
        beyond FEW_SAMPLES, so that start-up, reading and the report do not count."""
        data = self.data(network, network.predicted)
        checkpoint = self.work / f"initial-{network.name}" / "checkpoints" / "last.safetensors"
        if not checkpoint.exists():
            self.bnn_train(self.config(network, "flipout"), data, threads, "--epochs", "0",
                           folder=f"initial-{network.name}")
        files = [part for name in file_names(network) for part in ("--files", str(data / name))]

        def seconds(samples: int) -> float:
            return run([str(self.build / "bnn-eval"), str(checkpoint), "--samples", str(samples),
                        "--bootstrap", "0", "--threads", str(threads), *files]).seconds

        few = seconds(FEW_SAMPLES)
        return network.predicted * SAMPLES / (seconds(FEW_SAMPLES + SAMPLES) - few)

    def torch(self, network: Network, kind: str, data: Path, threads: int, setup: TorchSetup,
              *options: str) -> tuple[Finished, dict]:
        """Runs the PyTorch port; also the object it prints."""
        layout = ["--channels-last"] if setup.channels_last else []
        finished = run([sys.executable, str(Path(__file__).parent / "torch_run.py"), network.name,
                        kind, str(data), "--threads", str(threads), *layout, *options],
                       setup.environment(threads))
        return finished, json.loads(finished.output)

    def torch_rate(self, network: Network, kind: str, threads: int, setup: TorchSetup) -> float:
        """Images a second of the second epoch of the port."""
        data = self.data(network, network.examples)
        return self.torch(network, kind, data, threads, setup)[1]["examples_per_second"]

    def torch_sample_rate(self, network: Network, threads: int, setup: TorchSetup) -> float:
        """Images times Monte Carlo samples a second of the port, timed inside its process."""
        data = self.data(network, network.predicted)
        return self.torch(network, "flipout", data, threads, setup, "--predict-samples",
                          str(SAMPLES))[1]["samples_per_second"]

    def sgemm_flops(self) -> float:
        """Floating-point operations a second of a product of two 2048 x 2048 matrices, one
        thread."""
        output = run([str(self.build / "bnn-microbench"), "--benchmark_filter=sgemm_2048",
                      "--benchmark_format=json"], {"OPENBLAS_NUM_THREADS": "1"}).output
        return json.loads(output)["benchmarks"][0]["FLOPS"]
