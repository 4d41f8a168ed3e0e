"""The layers that are compared, and for each argument the values that it takes. Other arguments keep those of
a base case that leaves nothing at 0 or 1."""

from __future__ import annotations

from dataclasses import dataclass

CONV = {"filters": 5, "kernel_size": [3, 2], "padding": "same", "activation": "tanh"}
DENSE = {"units": 7, "activation": "tanh"}

LAYERS = {
    "conv2d, flipout": {"type": "conv2d_flipout", **CONV},
    "conv2d, reparameterization": {"type": "conv2d_reparameterization", **CONV},
    "conv2d, local reparameterization": {"type": "conv2d_local_reparameterization", **CONV},
    "conv2d, independent": {"type": "conv2d_flipout", "estimator": "independent", **CONV},
    "conv2d, deterministic": {"type": "conv2d", **CONV},
    "dense, flipout": {"type": "dense_flipout", **DENSE},
    "dense, reparameterization": {"type": "dense_reparameterization", **DENSE},
    "dense, local reparameterization": {"type": "dense_local_reparameterization", **DENSE},
    "dense, independent": {"type": "dense_flipout", "estimator": "independent", **DENSE},
    "dense, deterministic": {"type": "dense", **DENSE},
}


@dataclass(frozen=True)
class Case:
    """One layer, its input and which argument it is about."""

    argument: str
    config: dict
    inputs: tuple[int, ...]  # of one example
    examples: int = 6


ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "selu", "gelu", "swish", "tanh", "sigmoid", "softplus")
WIDE = {"type": "scale_mixture_normal", "probs": [0.3, 0.7], "scales": [0.5, 0.05]}
T = {"type": "student_t", "df": 3, "loc": 0.1, "scale": 0.2}
NORMAL = {"type": "normal", "loc": 0.1, "scale": 0.3}
TRAINABLE = {**NORMAL, "trainable": True}
LAPLACE = {"type": "laplace", "loc": -0.1, "scale": 0.4}
TIED = {"type": "tied_normal", "scale": 0.2}
SAMPLED = {"is_singular": False}
DRAWS = {"type": "monte_carlo", "samples": 3}
PENALTIES = {"loc_regularizer": {"l1": 0.01, "l2": 0.02}}
BOTH_PENALTIES = {**PENALTIES, "untransformed_scale_regularizer": {"l1": 0.03, "l2": 0.01}}

SHAPES = {
    "filters": [{"filters": n} for n in (1, 3, 16, 64)],
    "kernel_size": [{"kernel_size": size} for size in (1, 2, 3, 5, 7, [1, 7], [5, 2])],
    "strides": [{"strides": step, "padding": padding} for step in (2, 3, [2, 1], [1, 3])
                for padding in ("same", "valid")],
    "padding": [{"padding": padding, "kernel_size": size} for padding in ("same", "valid", "SAME")
                for size in (2, 3, 4)],
    "data_format": [{"data_format": layout, "padding": padding}
                    for layout in ("channels_first", "channels_last") for padding in ("same", "valid")],
    "dilation_rate": [{"dilation_rate": rate, "padding": padding} for rate in (2, [1, 3], [2, 1])
                      for padding in ("same", "valid")],
}

OF_ALL = {
    "activation": [{"activation": name} for name in (*ACTIVATIONS, None)],
    "activity_regularizer": [{"activity_regularizer": {"l1": 0.02, "l2": 0.03}}],
    "trainable": [{"trainable": False}],
    "seed": [{"seed": 7}],
}

OF_POSTERIORS = {
    "kernel_posterior_fn": [{"kernel_posterior_fn": BOTH_PENALTIES}],
    "kernel_posterior_tensor_fn": [{"kernel_posterior_tensor_fn": name} for name in ("sample", "mean")],
    "kernel_prior_fn": [{"kernel_prior_fn": prior} for prior in (None, {}, NORMAL, TRAINABLE, LAPLACE, TIED)],
    "kernel_divergence_fn": [{"kernel_divergence_fn": None}] + [
        {"kernel_prior_fn": prior, "kernel_divergence_fn": DRAWS}
        for prior in (NORMAL, TRAINABLE, LAPLACE, TIED, T, WIDE)],
    "bias_posterior_fn": [{"bias_posterior_fn": None}, {"bias_posterior_fn": SAMPLED},
                          {"bias_posterior_fn": PENALTIES},
                          {"bias_posterior_fn": {**SAMPLED, **BOTH_PENALTIES}}],
    "bias_posterior_tensor_fn": [{"bias_posterior_fn": SAMPLED, "bias_posterior_tensor_fn": name}
                                 for name in ("sample", "mean")],
    "bias_prior_fn": [{"bias_posterior_fn": SAMPLED, "bias_prior_fn": prior}
                      for prior in (NORMAL, TRAINABLE, LAPLACE, TIED)],
    "bias_divergence_fn": [
        {"bias_posterior_fn": SAMPLED, "bias_prior_fn": prior, "bias_divergence_fn": how}
        for prior, how in ((NORMAL, None), (NORMAL, DRAWS), (T, DRAWS), (WIDE, DRAWS))],
}

OF_POINTS = {
    "use_bias": [{"use_bias": False}],
    "kernel_regularizer": [{"kernel_regularizer": {"l1": 0.01, "l2": 0.02}}],
    "bias_regularizer": [{"bias_regularizer": {"l1": 0.01, "l2": 0.02}}],
}

# Shapes of whole networks, whose products take other forms: Winograd's transforms, kernels of each example.
LARGE = [({"filters": 64, "kernel_size": 5}, (16, 16, 3)), ({"filters": 32, "kernel_size": 3}, (16, 16, 32)),
         ({"filters": 16, "kernel_size": 3}, (8, 8, 16)), ({"filters": 16, "kernel_size": 5}, (14, 14, 6)),
         ({"filters": 24, "kernel_size": 1, "strides": 2}, (8, 8, 12))]


def cases_of(name: str) -> list[Case]:
    """All cases of one of LAYERS; the first is the base."""
    base = LAYERS[name]
    is_conv, has_posterior = "filters" in base, "_" in base["type"]
    inputs = (9, 8, 4) if is_conv else (12,)
    cases = [Case("inputs", base, inputs)]
    cases += [Case("inputs", base, inputs, count) for count in (1, 2, 33)]
    if is_conv:
        cases += [Case("inputs", base, size) for size in ((3, 2, 1), (5, 13, 3), (17, 6, 19))]
        cases += [Case("large layers", {**base, "activation": "relu", **more}, size, 8)
                  for more, size in LARGE]
    else:
        cases += [Case("units", {**base, "units": units}, inputs) for units in (1, 10, 130)]
        cases += [Case("large layers", {**base, "activation": "relu", "units": 84}, (400,), 32)]
    arguments = {**(SHAPES if is_conv else {}), **OF_ALL, **(OF_POSTERIORS if has_posterior else OF_POINTS)}
    if not has_posterior:
        del arguments["seed"]
    if base["type"].endswith("_reparameterization") and "local" not in base["type"]:  # flipout needs a scale
        point = {"kernel_posterior_fn": {"is_singular": True}, "kernel_prior_fn": None}
        arguments["kernel_posterior_fn"] = [*OF_POSTERIORS["kernel_posterior_fn"], point]
    return cases + [Case(argument, {**base, **change}, inputs)
                    for argument, changes in arguments.items() for change in changes]
