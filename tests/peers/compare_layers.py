"""Our layers beside TensorFlow Probability's, argument by argument, with the same weights and noise: outputs,
KL and penalties, and the gradients for inputs and every variable."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import load_file, save_file

from comparison import Comparison, largest_difference, peer
from digits_run import DigitsRun
from layer_cases import LAYERS, Case, cases_of
from tfp_layer import Noise, PeerLayer, kind_of

PEER = f"{peer('tensorflow-probability')}, {peer('tensorflow')}"
SINGLE = 1e-5
EXAMPLES = 6


class Probe:
    """Runs one of our layers by bnn-layer-probe."""

    def __init__(self, digits: DigitsRun) -> None:
        self.digits = digits

    def run(self, config: dict, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs, gradients and noise, by the names of tests/peers/probed_layer.h."""
        (self.digits.folder / "layer.json").write_text(json.dumps(config))
        save_file({name: value.copy(order="C") for name, value in tensors.items()},
                  self.digits.folder / "layer_inputs.safetensors")
        self.digits.program("bnn-layer-probe", "layer.json", "layer_inputs.safetensors",
                            "layer_outputs.safetensors")
        return load_file(self.digits.folder / "layer_outputs.safetensors")


def output_size(case: Case) -> tuple[int, ...]:
    """Of one example, as TensorFlow has it."""
    config = case.config
    if "units" in config:
        return (config["units"],)
    pair = lambda name: np.broadcast_to(config.get(name, 1), 2)
    kernel = (pair("kernel_size") - 1) * pair("dilation_rate") + 1
    window = 1 if config.get("padding", "").lower() == "same" else kernel
    rows, columns = -(-(np.array(case.inputs[:2]) - window + 1) // pair("strides"))
    return int(rows), int(columns), config["filters"]


def random_weights(case: Case, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Of every variable that the layer has, in the sizes of trained networks."""
    config = case.config
    last = config.get("filters") or config["units"]
    kernel = (*np.broadcast_to(config["kernel_size"], 2), case.inputs[-1], last) if "filters" in config else (
        case.inputs[-1], last)
    shapes = {"kernel": tuple(map(int, kernel))}
    if config.get("use_bias", True) and config.get("bias_posterior_fn", {}) is not None:
        shapes["bias"] = (last,)
    weights = {}
    for what, shape in shapes.items():
        means = random.normal(0, 0.3, shape)
        if kind_of(config)[1] == "deterministic":
            weights[what] = means
            continue
        weights[f"{what}_posterior_loc"] = means
        posterior = config.get(f"{what}_posterior_fn", {})
        if not posterior.get("is_singular", what == "bias"):
            weights[f"{what}_posterior_untransformed_scale"] = random.normal(-2, 0.7, shape)
        if (config.get(f"{what}_prior_fn") or {}).get("trainable"):
            weights[f"{what}_prior_loc"] = np.array(0.05)
            weights[f"{what}_prior_scale"] = np.array(0.4)
    return {name: value.astype(np.float32) for name, value in weights.items()}


def noise_of(case: Case, ours: dict[str, np.ndarray], example: int | None = None) -> Noise:
    """Our noise in the order in which TFP draws: kernel or outputs, bias, divergences."""
    config, estimator = case.config, kind_of(case.config)[1]
    scale = "noise/layer/{}_posterior_untransformed_scale"
    normals = []
    is_point = estimator == "deterministic" or config.get("kernel_posterior_fn", {}).get("is_singular")
    if not is_point and config.get("kernel_posterior_tensor_fn") != "mean":
        source = {"local_reparameterization": "noise/outputs", "independent": "noise/weights"}
        name = source.get(estimator, scale.format("kernel"))
        drawn = ours[name] if example is None else ours[name][example]
        if name == "noise/outputs" and config.get("data_format") == "channels_first":
            drawn = drawn.transpose(0, 3, 1, 2)
        normals.append(drawn)
    if scale.format("bias") in ours and config.get("bias_posterior_tensor_fn") != "mean":
        normals.append(ours[scale.format("bias")])
    divergences = [f"{scale.format(what)}/divergence" for what in ("kernel", "bias")]
    normals += [ours[name] for name in divergences if name in ours]
    signs = [ours["noise/input_signs"], ours["noise/output_signs"]] if estimator == "flipout" else []
    return Noise(normals, signs)


def peer_results(case: Case, layer: PeerLayer, x: np.ndarray, upstream: np.ndarray, ours: dict) -> dict:
    """The peer's pass. The estimator `independent` is its reparameterization layer, called for each example."""
    if kind_of(case.config)[1] != "independent":
        return layer.run(x, upstream, noise_of(case, ours))
    parts = [layer.run(x[b:b + 1], upstream[b:b + 1], noise_of(case, ours, b)) for b in range(len(x))]
    whole = {}
    for name in parts[0]:
        values = [part[name] for part in parts]
        if name in ("outputs", "gradient/inputs"):
            whole[name] = np.concatenate(values)
        elif name == "loss_gradient/inputs":  # of an activity penalty, which is a mean over the batch
            whole[name] = np.concatenate(values) / len(x)
        else:
            whole[name] = np.sum(values, 0) if name.startswith("gradient/") else np.mean(values, 0)
    return whole


def our_results(ours: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Under the names of the peer's results."""
    result = {"outputs": ours["outputs"], "losses": ours["kl"] + ours["penalty"] + ours["activity_penalty"],
              "gradient/inputs": ours["inputs_gradient"]}
    for name, value in ours.items():
        kind, _, variable = name.partition("/layer/")
        if kind in ("gradient", "kl_gradient"):
            result[f"{kind.replace('kl', 'loss')}/{variable}"] = value
    return result


def compare(case: Case, ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    """The largest difference of all results. The gradient of an activity penalty is in our gradient of the
    outputs, and in the peer's of the losses: with one, the sums are compared."""
    theirs = dict(theirs)
    of_inputs = theirs.pop("loss_gradient/inputs")
    if "activity_regularizer" in case.config:
        theirs["gradient/inputs"] = theirs["gradient/inputs"] + of_inputs
        for name in [name for name in theirs if name.startswith("loss_gradient/")]:
            variable = name.split("/")[1]
            theirs[f"gradient/{variable}"] = theirs[f"gradient/{variable}"] + theirs.pop(name)
            ours[f"gradient/{variable}"] = ours[f"gradient/{variable}"] + ours.pop(name)
    if set(ours) != set(theirs):
        return float("inf")
    return max(largest_difference(ours[name], theirs[name]) for name in theirs)


def run_case(probe: Probe, case: Case, number: int) -> tuple[PeerLayer, dict, dict, tuple]:
    """Ours and theirs, on random inputs."""
    random = np.random.default_rng(number)
    x = random.normal(0, 1, (case.examples, *case.inputs)).astype(np.float32)
    upstream = random.normal(0, 1, (case.examples, *output_size(case))).astype(np.float32)
    weights = random_weights(case, random)
    named = {f"layer/{name}": value for name, value in weights.items()}
    ours = probe.run(case.config, {"inputs": x, "output_gradient": upstream, **named})
    layer = PeerLayer(case.config, x, weights)
    return layer, ours, peer_results(case, layer, x, upstream, ours), (x, upstream)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Every layer with every argument; of each layer once with a weight that is 1 % larger."""
    probe = Probe(digits)
    for name in LAYERS:
        for number, case in enumerate(cases_of(name)):
            layer, ours, theirs, (x, upstream) = run_case(probe, case, number)
            difference = compare(case, our_results(ours), theirs)
            rows.add(f"{name}: {case.argument}", PEER, difference, 0.0, SINGLE)
            if number > 0:
                continue
            variable = layer.layer.variables[0]
            weight = variable.numpy()
            weight.flat[np.abs(weight).argmax()] *= 1.01
            variable.assign(weight)
            broken = compare(case, our_results(ours), peer_results(case, layer, x, upstream, ours))
            rows.control(f"{name}: one weight 1 % larger", PEER, broken, 0.0, SINGLE)
