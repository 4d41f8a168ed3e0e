"""What we write, read by the libraries that own the formats."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas
import torch
from safetensors import safe_open
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from comparison import Comparison, peer
from digits_run import CLASSES, DigitsRun

SAFETENSORS, NUMPY = peer("safetensors"), peer("numpy")
PANDAS, TENSORBOARD = peer("pandas"), peer("tensorboard")
TORCH = f"{SAFETENSORS}, {peer('torch')}"
SINGLE = 1e-6
EPSILON = np.float32(2.0 ** -23)


def read_checkpoint(digits: DigitsRun, name: str) -> tuple[dict[str, np.ndarray], dict]:
    """Tensors and metadata."""
    with safe_open(digits.folder / name, "np") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()


def forward(tensors: dict[str, np.ndarray], config: dict, images: np.ndarray) -> np.ndarray:
    """Class probabilities of the network by PyTorch, with the means of the weights."""
    mean, std = (config["data"]["standardize"][name][0] for name in ("mean", "std"))
    weights = {name: torch.from_numpy(tensor).double() for name, tensor in tensors.items()}
    x = (torch.from_numpy(images[:, None].astype(np.float64)) / 255 - mean) / std
    kernel = weights["conv/kernel_posterior_loc"].permute(3, 2, 0, 1)
    x = torch.relu(torch.nn.functional.conv2d(x, kernel, weights["conv/bias_posterior_loc"], padding="same"))
    x = torch.nn.functional.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)
    logits = x @ weights["logits/kernel_posterior_loc"] + weights["logits/bias_posterior_loc"]
    return torch.softmax(logits, -1).numpy()


def compare_checkpoint(rows: Comparison, digits: DigitsRun) -> None:
    """The tensors of a checkpoint make the network's predictions."""
    tensors, metadata = read_checkpoint(digits, digits.checkpoint)
    config = json.loads(metadata["config"])
    digits.program("bnn-predict", digits.checkpoint, "test-images", "--mean-weights", "--format", "npy",
                   "--output", "means.npy")
    ours = np.load(digits.folder / "means.npy")
    rows.add("checkpoint: probabilities of the network with its mean weights", TORCH, ours,
             forward(tensors, config, digits.test_images), SINGLE)
    broken = {**tensors, "conv/kernel_posterior_loc": tensors["conv/kernel_posterior_loc"].copy()}
    broken["conv/kernel_posterior_loc"][1, 1, 0, 0] *= 1.01
    rows.control("checkpoint with one weight 1 % larger", TORCH, ours,
                 forward(broken, config, digits.test_images), SINGLE)
    last, _ = read_checkpoint(digits, digits.checkpoint.replace("best", "last"))
    variables = [name for name in last if not name.startswith("optimizer/")]
    rows.add("checkpoint: every variable has both moments of Adam, of its shape", SAFETENSORS,
             [last[f"optimizer/{moment}/{name}"].shape == last[name].shape
              for name in variables for moment in "mv"],
             [True] * 2 * len(variables), 0)


def compare_arrays(rows: Comparison, digits: DigitsRun) -> None:
    """The same predictions as NPY, JSON and CSV."""
    lines = digits.predict(digits.checkpoint, "test-images", "--top-k", "3", "--save-samples", "test.npy")
    samples = np.load(digits.folder / "test.npy")
    rows.add("NPY of samples: shape", NUMPY, samples.shape, (16, len(digits.test_labels), CLASSES), 0)
    probabilities = np.array([line["probabilities"] for line in lines])
    rows.add("NPY of samples: mean, beside JSON", NUMPY, probabilities, samples.astype(np.float64).mean(0),
             1e-15)
    rows.add("NPY of samples: deviation, beside JSON", NUMPY, [line["probabilities_std"] for line in lines],
             samples.astype(np.float64).std(0), 1e-12)
    digits.program("bnn-predict", digits.checkpoint, "test-images", "--format", "npy", "--output", "mean.npy")
    rows.add("NPY of means, beside JSON", NUMPY, np.load(digits.folder / "mean.npy"),
             probabilities.astype(np.float32), 0)

    text = digits.program("bnn-predict", digits.checkpoint, "test-images", "--top-k", "3", "--format", "csv")
    frame = pandas.read_csv(io.StringIO(text), float_precision="round_trip")
    numbers = [name for name in lines[0] if isinstance(lines[0][name], (int, float))]
    rows.add("CSV of predictions, beside JSON", PANDAS, frame[numbers],
             [[line[name] for name in numbers] for line in lines], 0)
    rows.add("CSV of probabilities, beside JSON", PANDAS, frame[[f"p{k}" for k in range(CLASSES)]],
             probabilities, 0)
    rows.add("CSV of the most probable classes, beside JSON", PANDAS,
             frame[[f"top_{rank}_probability" for rank in (1, 2, 3)]],
             [[one["probability"] for one in line["top_k"]] for line in lines], 0)
    frame = pandas.read_csv(io.StringIO(digits.program("bnn-compare", "run", "other", "--format", "csv")),
                            float_precision="round_trip")
    history = read_history(digits, "run")
    best = history[history["event"] == "validation"].sort_values("nll").iloc[0]
    rows.add("CSV of bnn-compare, beside metrics.jsonl", PANDAS,
             frame.loc[0, [f"validation_{name}" for name in ("nll", "accuracy", "ece")]].astype(float),
             best[["nll", "accuracy", "ece"]].astype(float), 0)


def read_history(digits: DigitsRun, run: str) -> pandas.DataFrame:
    """metrics.jsonl."""
    with (digits.folder / run / "metrics.jsonl").open() as file:
        return pandas.DataFrame(json.loads(line) for line in file)


def compare_events(rows: Comparison, digits: DigitsRun) -> None:
    """Event files beside metrics.jsonl and the checkpoint; TensorBoard's scalars are floats."""
    events = EventAccumulator(str(digits.folder / "run/tensorboard"), {"scalars": 0, "histograms": 0})
    events.Reload()
    history = read_history(digits, "run")
    for tag in events.Tags()["scalars"]:
        if tag.startswith("batch/"):
            continue
        event, name = ("validation", tag.split("/")[1]) if "/" in tag else ("train", tag)
        lines = history[history["event"] == event]
        values = events.Scalars(tag)
        rows.add("event files: scalars, beside metrics.jsonl", TENSORBOARD, [one.value for one in values],
                 lines[name].astype(np.float32), 0)
        rows.add("event files: steps", TENSORBOARD, [one.step for one in values], lines["step"], 0)
    tensors, _ = read_checkpoint(digits, digits.checkpoint.replace("best", "last"))
    for tag in events.Tags()["histograms"]:
        kind, name = tag.split("/", 1)
        u = tensors[f"{name}_posterior_untransformed_scale"]
        values = np.logaddexp(0, u.astype(np.float64)) + EPSILON
        if kind == "signal_to_noise":
            values = np.abs(tensors[f"{name}_posterior_loc"]) / values
        found = events.Histograms(tag)[-1].histogram_value
        rows.add("event files: histograms of scales and signal-to-noise ratios", TENSORBOARD,
                 [found.min, found.max, found.num, found.sum / found.num, found.sum_squares / found.num],
                 [values.min(), values.max(), values.size, values.mean(), np.mean(values ** 2)], SINGLE)
        counts = np.histogram(values, [-np.inf, *found.bucket_limit])[0]
        rows.add("event files: counts of the histograms' buckets", TENSORBOARD, found.bucket, counts, 0)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Every format."""
    compare_checkpoint(rows, digits)
    compare_arrays(rows, digits)
    compare_events(rows, digits)
