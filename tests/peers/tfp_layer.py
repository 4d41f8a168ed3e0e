"""A layer of our configs, made of TensorFlow Probability's own layer of that kind and run with our weights and
our noise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from unittest import mock

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras
from tensorflow_probability.python.distributions import normal
from tensorflow_probability.python.layers import conv_variational

tfd = tfp.distributions

CLASSES = {
    ("conv2d", "flipout"): tfp.layers.Convolution2DFlipout,
    ("conv2d", "reparameterization"): tfp.layers.Convolution2DReparameterization,
    ("conv2d", "deterministic"): keras.layers.Conv2D,
    ("dense", "flipout"): tfp.layers.DenseFlipout,
    ("dense", "reparameterization"): tfp.layers.DenseReparameterization,
    ("dense", "local_reparameterization"): tfp.layers.DenseLocalReparameterization,
    ("dense", "deterministic"): keras.layers.Dense,
}


class ConvolutionLocalReparameterization(tfp.layers.Convolution2DReparameterization):
    """TFP has no such layer: its convolution, with outputs drawn as DenseLocalReparameterization draws them."""

    def _apply_variational_kernel(self, inputs):
        q = self.kernel_posterior.distribution
        deviation = tf.sqrt(self._convolution_op(inputs ** 2, q.scale ** 2))
        self.kernel_posterior_tensor = None
        return self.kernel_posterior_tensor_fn(tfd.Normal(self._convolution_op(inputs, q.loc), deviation))


CLASSES["conv2d", "local_reparameterization"] = ConvolutionLocalReparameterization


def kind_of(config: dict) -> tuple[str, str]:
    """`conv2d_flipout` with an estimator is that estimator's layer."""
    shape, _, estimator = config["type"].partition("_")
    return shape, config.get("estimator", estimator or "deterministic")


def regularizer(config: dict | None):
    """Of Keras, with l1 and l2."""
    return config and keras.regularizers.L1L2(config.get("l1", 0), config.get("l2", 0))


def posterior(config: dict | None, is_singular: bool):
    """The factory of a posterior."""
    if config is None:
        return None
    return tfp.layers.default_mean_field_normal_fn(
        is_singular=config.get("is_singular", is_singular),
        loc_regularizer=regularizer(config.get("loc_regularizer")),
        untransformed_scale_regularizer=regularizer(config.get("untransformed_scale_regularizer")))


def prior(config: dict | None):
    """The factory of a prior."""
    if config is None:
        return None

    def make(dtype, shape, name, _trainable, add_variable):
        kind, loc, scale = config.get("type", "normal"), config.get("loc", 0.0), config.get("scale", 1.0)
        spread = lambda number: number * tf.ones(shape)
        if config.get("trainable"):
            spread = lambda number: tfp.util.DeferredTensor(number, lambda x: x * tf.ones(shape), shape=shape)
            loc, scale = (
                add_variable(f"{name}_{what}", (), initializer=keras.initializers.Constant(value), dtype=dtype)
                for what, value in {"loc": loc, "scale": scale}.items())
        if kind in ("normal", "tied_normal"):  # of a tied one, the divergence knows the location
            one = tfd.Normal(spread(loc), spread(scale))
        elif kind == "laplace":
            one = tfd.Laplace(spread(loc), spread(scale))
        elif kind == "student_t":
            one = tfd.StudentT(config["df"], spread(loc), spread(scale))
        else:
            zeros = tf.zeros((*shape, len(config["scales"])))
            one = tfd.MixtureSameFamily(tfd.Categorical(probs=config["probs"]),
                                        tfd.Normal(zeros, config["scales"]))
        return tfd.Independent(one, len(shape))
    return make


def quadrature(q: tfd.Distribution, p: tfd.Distribution) -> tf.Tensor:
    """KL(q || p) where TFP has no closed form: the trapezoid rule over its densities, in double. The points do
    not move with q, so that the gradient meets the kink of a Laplace density no more than the value does."""
    double = lambda x: tf.cast(x, tf.float64)[..., None]
    normal_q = tfd.Normal(double(q.distribution.loc), double(q.distribution.scale))
    laplace = tfd.Laplace(double(p.distribution.loc), double(p.distribution.scale))
    e = tf.linspace(tf.constant(-9.0, tf.float64), 9.0, 6001)
    z = tf.stop_gradient(normal_q.loc + normal_q.scale * e)
    width = tf.stop_gradient(normal_q.scale * (e[1] - e[0]))
    terms = normal_q.prob(z) * (normal_q.log_prob(z) - laplace.log_prob(z)) * width
    return tf.cast(tf.reduce_sum(terms), tf.float32)


def divergence(config, prior_config: dict | None):
    """The divergence, with draws of its own if it is Monte Carlo."""
    if config is None:
        return None
    name = config if isinstance(config, str) else config["type"]
    kind = (prior_config or {}).get("type", "normal")

    def closed_form(q, p, _):
        if kind == "laplace":
            return quadrature(q, p)
        return tfd.kl_divergence(q, p)

    def monte_carlo(q, p, _):
        z = q.sample(1 if isinstance(config, str) else config.get("samples", 1))
        return tf.reduce_mean(q.log_prob(z) - p.log_prob(z))

    compute = closed_form if name == "kl" else monte_carlo

    def tied(q, p, _):
        around = tfd.Normal(q.distribution.loc, p.distribution.scale)
        return compute(q, tfd.Independent(around, p.reinterpreted_batch_ndims), None)
    return tied if kind == "tied_normal" else compute


def tensor_fn(name: str) -> Callable:
    """`sample` or `mean` of the distribution that the layer hands over."""
    return (lambda d: d.mean()) if name == "mean" else (lambda d: d.sample())


def activation(name: str | None):
    """Keras's function; `leaky_relu` has TensorFlow's slope."""
    return tf.nn.leaky_relu if name == "leaky_relu" else name


def make(config: dict) -> keras.layers.Layer:
    """The layer, not built yet."""
    shape, estimator = kind_of(config)
    common = {"activation": activation(config.get("activation")), "trainable": config.get("trainable", True),
              "activity_regularizer": regularizer(config.get("activity_regularizer"))}
    if shape == "conv2d":
        names = ("strides", "padding", "dilation_rate", "data_format")
        common |= {name: config[name] for name in names if name in config}
        sizes = (config["filters"], config["kernel_size"])
    else:
        sizes = (config["units"],)
    if estimator == "deterministic":
        names = ("kernel_regularizer", "bias_regularizer")
        more = {name: regularizer(config.get(name)) for name in names}
        return CLASSES[shape, estimator](*sizes, use_bias=config.get("use_bias", True), **common, **more)
    priors = {what: config.get(f"{what}_prior_fn", fallback)
              for what, fallback in {"kernel": {}, "bias": None}.items()}
    for what in ("kernel", "bias"):
        common |= {
            f"{what}_posterior_fn": posterior(config.get(f"{what}_posterior_fn", {}), what == "bias"),
            f"{what}_posterior_tensor_fn": tensor_fn(config.get(f"{what}_posterior_tensor_fn", "sample")),
            f"{what}_prior_fn": prior(priors[what]),
            f"{what}_divergence_fn": divergence(config.get(f"{what}_divergence_fn", "kl"), priors[what]),
        }
    return CLASSES[shape, "reparameterization" if estimator == "independent" else estimator](*sizes, **common)


@dataclass
class Noise:
    """What stands in for TFP's random numbers, in the order in which the layer asks for them."""

    normal: list[np.ndarray]
    signs: list[np.ndarray] = field(default_factory=list)

    def next_normal(self, shape, **_) -> tf.Tensor:
        """Instead of samplers.normal. Every draw must have the shape that TFP asks for."""
        return tf.reshape(tf.constant(self.normal.pop(0)), shape)

    def next_signs(self, shape, **_) -> tf.Tensor:
        """Instead of random.rademacher."""
        return tf.ensure_shape(tf.constant(self.signs.pop(0)), [int(size) for size in shape])

    def replace(self) -> ExitStack:
        """While the context is open, TFP draws these numbers."""
        stack = ExitStack()
        stack.enter_context(mock.patch.object(normal.samplers, "normal", self.next_normal))
        stack.enter_context(mock.patch.object(conv_variational.tfp_random, "rademacher", self.next_signs))
        return stack


def variable_name(variable: tf.Variable) -> str:
    """As we name it: `kernel_posterior_loc`."""
    return variable.name.split("/")[-1].split(":")[0]


def transposing(convolution: Callable) -> Callable:
    """TensorFlow has no convolution of channels first for CPUs; the layer's own one is put between two
    transpositions."""
    return lambda x, kernel: tf.transpose(convolution(tf.transpose(x, [0, 2, 3, 1]), kernel), [0, 3, 1, 2])


class PeerLayer:
    """The built layer, with our weights."""

    def __init__(self, config: dict, inputs: np.ndarray, weights: dict[str, np.ndarray]) -> None:
        self.channels_first = config.get("data_format") == "channels_first"
        self.layer = make(config)
        last = make({**config, "data_format": "channels_last"})
        last.build(inputs.shape)
        self.layer.build(self.present(inputs).shape)
        if self.channels_first:
            names = ("_convolution_op", "convolution_op")  # of TFP and of Keras
            operation = next(name for name in names if hasattr(last, name))
            setattr(self.layer, operation, transposing(getattr(last, operation)))
        for variable in self.layer.variables:
            variable.assign(weights[variable_name(variable)])

    def present(self, images: np.ndarray) -> np.ndarray:
        """Our images lie in memory with their channels last."""
        return images.transpose(0, 3, 1, 2) if self.channels_first else images

    def restore(self, images: np.ndarray) -> np.ndarray:
        """The other way round."""
        return images.transpose(0, 2, 3, 1) if self.channels_first else images

    def run(self, inputs: np.ndarray, output_gradient: np.ndarray, noise: Noise) -> dict[str, np.ndarray]:
        """Outputs, losses and the gradient of sum(output_gradient * outputs), that of the losses apart."""
        x, upstream = tf.constant(self.present(inputs)), tf.constant(self.present(output_gradient))
        variables = self.layer.trainable_variables
        with noise.replace(), tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            outputs = self.layer(x)
            linear = tf.reduce_sum(outputs * upstream)
            losses = tf.add_n([*self.layer.losses, tf.constant(0.0)])
        if noise.normal or noise.signs:
            raise SystemExit(f"error: {type(self.layer).__name__} did not draw all of our noise")
        result = {"outputs": self.restore(outputs.numpy()), "losses": losses.numpy()[None]}
        for name, target in {"gradient": linear, "loss_gradient": losses}.items():
            zero = tf.UnconnectedGradients.ZERO
            of_x, *others = tape.gradient(target, [x, *variables], unconnected_gradients=zero)
            result[f"{name}/inputs"] = self.restore(of_x.numpy())
            for variable, value in zip(variables, others):
                # A trainable scale of a prior moves as its logarithm.
                factor = variable if variable_name(variable).endswith("prior_scale") else 1.0
                result[f"{name}/{variable_name(variable)}"] = (value * factor).numpy()
        return result
