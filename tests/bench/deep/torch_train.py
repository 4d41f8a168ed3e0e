"""Trains the preset resnet20 with flipout in PyTorch for a budget of processor time, by the learning
rate, batch and KL of a config of bnn-train, and evaluates it.

The share of the budget that is used takes the place of the share of epochs in the schedules. The
checkpoint is the one of the lowest held-out NLL. Writes FOLDER/torch.json and FOLDER/
test_probabilities.npy.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from torch_images import Images, augmented, load
from torch_resnet20 import build, loss_of

ECE_BINS = 15


class Schedule:
    """Learning rate and KL weight by the share of training that is done."""

    def __init__(self, training: dict, epochs: int) -> None:
        optimizer, schedule = training["optimizer"], training["learning_rate_schedule"]
        self.highest = optimizer["learning_rate"]
        self.last = schedule["final_fraction"]
        self.warmup = schedule["warmup_epochs"] / epochs
        self.kl_weight = training["kl"]["weight"]
        self.annealing = training["kl"]["annealing_epochs"] / epochs

    def rate(self, share: float) -> float:
        """Linear to the highest, then a cosine to `last` of it."""
        if share < self.warmup:
            return self.highest * share / self.warmup
        angle = math.pi * min((share - self.warmup) / (1 - self.warmup), 1)
        return self.highest * (self.last + (1 - self.last) * (1 + math.cos(angle)) / 2)

    def kl(self, share: float) -> float:
        """Linear to the KL's weight."""
        return self.kl_weight * min(share / self.annealing, 1) if self.annealing else self.kl_weight


def mean_probabilities(model: nn.Module, pixels: Tensor, samples: int) -> np.ndarray:
    """The mean over passes, each with a draw of its own for every batch."""
    with torch.no_grad():
        passes = [torch.cat([model(part).softmax(1) for part in pixels.split(500)])
                  for _ in range(samples)]
    return torch.stack(passes).double().mean(0).numpy()


def metrics(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracy, NLL in nats, and ECE with 15 bins of equal width."""
    right = probabilities.argmax(1) == labels
    confidence = probabilities.max(1)
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [abs((right[bins == b] - confidence[bins == b]).sum()) for b in range(ECE_BINS)]
    nll = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-300)).mean()
    return {"accuracy": float(right.mean()), "nll": float(nll),
            "ece": float(sum(gaps) / len(labels))}


def train(model: nn.Module, images: Images, held_out: Images, schedule: Schedule,
          options: argparse.Namespace) -> dict[str, object]:
    """Trains until the budget is used and leaves the best weights in the model."""
    optimizer = torch.optim.Adam(model.parameters(), foreach=True, eps=1e-7)
    start, best, best_weights = time.process_time(), math.inf, model.state_dict()
    wall, steps, share = time.monotonic(), 0, 0.0
    while share < 1:
        for part in torch.randperm(len(images.labels)).split(options.batch_size):
            share = (time.process_time() - start) / (60 * options.cpu_minutes)
            if share >= 1:
                break
            optimizer.param_groups[0]["lr"] = schedule.rate(share)
            optimizer.zero_grad(set_to_none=True)
            loss_of(model, augmented(images.pixels[part]), images.labels[part],
                    schedule.kl(share) / len(images.labels)).backward()
            optimizer.step()
            steps += 1
        found = metrics(mean_probabilities(model, held_out.pixels, options.validation_samples),
                        held_out.labels.numpy())
        print(f"epoch {steps * options.batch_size / len(images.labels):.2f}  held out: {found}",
              flush=True)
        if found["nll"] < best:
            best, best_weights = found["nll"], copy.deepcopy(model.state_dict())
    model.load_state_dict(best_weights)
    return {"epochs": round(steps * options.batch_size / len(images.labels), 2),
            "minutes": (time.monotonic() - wall) / 60,
            "cpu_minutes": (time.process_time() - start) / 60}


def main() -> None:
    """Reads the command line, trains and evaluates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path, help="every key filled in")
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cpu-minutes", type=float, required=True)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    config = json.loads(options.config.read_text())
    options.batch_size = config["training"]["batch_size"]
    options.validation_samples = config["evaluation"]["validation_samples"]
    torch.set_num_threads(options.threads)
    torch.manual_seed(config["training"]["seed"])
    images, held_out, test = load(options.data, config["data"]["validation"],
                                  config["training"]["seed"])
    model = build()
    schedule = Schedule(config["training"], config["training"]["epochs"])
    result = train(model, images, held_out, schedule, options)
    for name, part in (("heldout_", held_out), ("", test)):
        probabilities = mean_probabilities(model, part.pixels, options.samples)
        result.update({name + key: value for key, value in
                       metrics(probabilities, part.labels.numpy()).items()})
    np.save(options.folder / "test_probabilities.npy", probabilities)
    (options.folder / "torch.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
