"""Predictions of a Bayesian neural network, with uncertainty, from a checkpoint of bnn-train.

    import bnn
    model = bnn.Model("last.safetensors")
    result = model.predict(images)          # uint8, (n, height, width, channels)
    result.probabilities, result.mutual_information

One file over libbnn, by ctypes and NumPy. The numbers are those of bnn-predict, to the last bit. The
library is looked for where the environment variable BNN_LIBRARY says, beside this file, in the
folder lib of its installation, and where the system finds libraries.
"""

import ctypes
import operator
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_ABI_VERSION = 2


class Error(RuntimeError):
    """What libbnn refuses; the text is a sentence. status is a bnn_status of bnn.h."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


class _Info(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [
        (name, ctypes.c_int32)
        for name in ("height", "width", "channels", "classes", "samples", "has_noise")
    ] + [("seed", ctypes.c_uint64)]


class _SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [
        (name, ctypes.c_int32) for name in ("threads", "samples", "mean_weights", "has_seed")
    ] + [("seed", ctypes.c_uint64), ("temperature", ctypes.c_double)]


_DOUBLE_RESULTS = ("probabilities", "probabilities_std", "predictive_entropy", "expected_entropy",
                   "mutual_information", "variation_ratio")
_OUTLIER_SCORES = ("energy", "max_logit", "mahalanobis")


class _Results(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [
        (name, ctypes.c_void_p) for name in _DOUBLE_RESULTS + ("predicted", "sample_probabilities")
        + _OUTLIER_SCORES
    ]


def _find_library():
    here = Path(__file__).resolve().parent
    named = os.environ.get("BNN_LIBRARY")
    if named:
        return named
    places = [here / "libbnn.so.0"]
    if here.name in ("dist-packages", "site-packages") and here.parent.name.startswith("python"):
        lib = here.parents[1]
        places += [lib / "libbnn.so.0", *sorted(lib.glob("*-linux-gnu*/libbnn.so.0"))]
    for place in places:
        if place.exists():
            return str(place)
    return "libbnn.so.0"


def _load_library():
    library = ctypes.CDLL(_find_library())
    pointer = ctypes.c_void_p
    signatures = {
        "bnn_version": (ctypes.c_char_p, []),
        "bnn_abi_version": (ctypes.c_uint, []),
        "bnn_last_error": (ctypes.c_char_p, []),
        "bnn_model_load": (ctypes.c_int, [ctypes.c_char_p, ctypes.POINTER(pointer)]),
        "bnn_model_load_memory": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_size_t,
                                                 ctypes.POINTER(pointer)]),
        "bnn_model_free": (None, [pointer]),
        "bnn_model_info": (ctypes.c_int, [pointer, ctypes.POINTER(_Info)]),
        "bnn_model_class_name": (ctypes.c_char_p, [pointer, ctypes.c_int32]),
        "bnn_model_fit_image": (ctypes.c_int, [pointer, pointer, ctypes.c_int32, ctypes.c_int32,
                                               ctypes.c_int32, pointer]),
        "bnn_session_new": (ctypes.c_int, [pointer, ctypes.POINTER(_SessionOptions),
                                           ctypes.POINTER(pointer)]),
        "bnn_session_free": (None, [pointer]),
        "bnn_session_samples": (ctypes.c_int32, [pointer]),
        "bnn_predict": (ctypes.c_int, [pointer, pointer, ctypes.c_size_t, pointer,
                                       ctypes.POINTER(_Results)]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    if library.bnn_abi_version() < _ABI_VERSION:
        raise ImportError("libbnn is older than this module: version "
                          + library.bnn_version().decode())
    return library


_library = _load_library()
__version__ = _library.bnn_version().decode()


def _check(status):
    if status != 0:
        raise Error(status, _library.bnn_last_error().decode("utf-8", "replace"))


def _whole_number(name, value, least, most):
    """The value as an int; ctypes would cut one that is too large."""
    number = operator.index(value)
    if not least <= number <= most:
        raise ValueError(f"{name}: expected {least} to {most}, found {number}")
    return number


class _Handle:
    """Owns what the library made, and cannot be copied."""

    def __copy__(self):
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __deepcopy__(self, memo):
        self.__copy__()

    def __reduce__(self):
        raise TypeError(f"a {type(self).__name__} cannot be pickled; load the checkpoint anew")


@dataclass(frozen=True)
class Predictions:
    """Arrays for n images and K classes; entropies are in nats."""

    probabilities: np.ndarray  # (n, K), mean over the samples
    probabilities_std: np.ndarray  # (n, K), standard deviation over them
    predictive_entropy: np.ndarray  # (n,), all of the uncertainty
    expected_entropy: np.ndarray  # (n,), its part in the data
    mutual_information: np.ndarray  # (n,), its part in the model
    variation_ratio: np.ndarray  # (n,)
    predicted: np.ndarray  # (n,), the most probable class
    energy: np.ndarray  # (n,), in nats; high: another kind of image than in training
    max_logit: np.ndarray  # (n,); low: the same
    mahalanobis: np.ndarray  # (n,), to the nearest class; NaN without a features file
    samples: np.ndarray = None  # (S, n, K), float32, if they were asked for


class Model(_Handle):
    """A trained network. Threads may share it."""

    def __init__(self, checkpoint):
        """checkpoint: a path, or the bytes of a file."""
        self._handle = ctypes.c_void_p()
        if isinstance(checkpoint, (bytes, bytearray, memoryview)):
            data = bytes(checkpoint)
            _check(_library.bnn_model_load_memory(data, len(data), ctypes.byref(self._handle)))
        else:
            path = os.fsencode(checkpoint)
            if b"\0" in path:
                raise ValueError("checkpoint: a path holds a NUL byte")
            _check(_library.bnn_model_load(path, ctypes.byref(self._handle)))
        info = _Info(struct_size=ctypes.sizeof(_Info))
        _check(_library.bnn_model_info(self._handle, ctypes.byref(info)))
        self.shape = (info.height, info.width, info.channels)
        self.classes = info.classes
        self.samples = info.samples
        self.has_noise = bool(info.has_noise)
        self.seed = info.seed

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.bnn_model_free(self._handle)

    @property
    def class_names(self):
        """The names of the classes, or None if the checkpoint has none."""
        names = [_library.bnn_model_class_name(self._handle, i) for i in range(self.classes)]
        return None if names[0] is None else [name.decode() for name in names]

    def fit_image(self, image):
        """A uint8 image of any size, (h, w) or (h, w, 1 or 3), as the network expects it: resized,
        cut or padded and recoloured as bnn-predict does with image files."""
        image = np.ascontiguousarray(image)
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise ValueError("image: expected uint8 of shape (h, w) or (h, w, channels)")
        if image.ndim == 2:
            image = image[:, :, np.newaxis]
        sides = [_whole_number("image", side, 0, 2**31 - 1) for side in image.shape]
        fitted = np.empty(self.shape, np.uint8)
        _check(_library.bnn_model_fit_image(self._handle, image.ctypes.data, *sides,
                                            fitted.ctypes.data))
        return fitted

    def session(self, **options):
        """What one thread predicts with; the options are those of Session."""
        return Session(self, **options)

    def predict(self, images, names=None, keep_samples=False, **options):
        """Session.predict of a session for this call alone."""
        return Session(self, **options).predict(images, names, keep_samples)


class Session(_Handle):
    """Options and memory of predictions. Threads that share one wait for each other. A session of
    several threads does not survive a fork: the child makes its own."""

    def __init__(self, model, threads=1, samples=None, mean_weights=False, seed=None,
                 temperature=1.0):
        self._model = model
        self._handle = ctypes.c_void_p()
        if not temperature > 0:
            raise ValueError(f"temperature: expected a number above 0, found {temperature}")
        options = _SessionOptions(
            struct_size=ctypes.sizeof(_SessionOptions),
            threads=_whole_number("threads", threads, 1, 1024),
            samples=0 if samples is None else _whole_number("samples", samples, 1, 65536),
            mean_weights=int(bool(mean_weights)), has_seed=int(seed is not None),
            seed=0 if seed is None else _whole_number("seed", seed, 0, 2**64 - 1),
            temperature=temperature)
        self._lock = threading.Lock()
        _check(_library.bnn_session_new(model._handle, ctypes.byref(options),
                                        ctypes.byref(self._handle)))
        self.samples = _library.bnn_session_samples(self._handle)

    def __del__(self):
        if getattr(self, "_handle", None):
            _library.bnn_session_free(self._handle)

    def predict(self, images, names=None, keep_samples=False):
        """images: uint8, (n, height, width, channels), or (n, height, width) for one channel.

        names: numbers that name the random signs of the images; by default their pixels do, as for
        image files. bnn-predict names the images of a data file 0, 1, 2, ...
        """
        images = np.ascontiguousarray(images)
        n = len(images)
        expected = self._model.shape
        if images.dtype != np.uint8 or images.size != n * int(np.prod(expected)) or (
                images.shape[1:] not in (expected, expected[:2])):
            raise ValueError(f"images: expected uint8 of shape (n, {expected[0]}, {expected[1]}, "
                             f"{expected[2]}), found {images.dtype} of {images.shape}")
        if names is not None:
            names = np.asarray(names)
            if names.shape != (n,) or (n > 0 and (names.dtype.kind not in "iu" or names.min() < 0
                                                  or names.max() >= 2**32)):
                raise ValueError(f"names: expected {n} whole numbers from 0 to 2**32 - 1")
            names = np.ascontiguousarray(names, np.uint32)
        classes = self._model.classes
        arrays = {name: np.empty((n, classes) if name.startswith("prob") else n)
                  for name in _DOUBLE_RESULTS + _OUTLIER_SCORES}
        arrays["predicted"] = np.empty(n, np.int32)
        results = _Results(struct_size=ctypes.sizeof(_Results))
        if keep_samples:
            arrays["samples"] = np.empty((self.samples, n, classes), np.float32)
            results.sample_probabilities = arrays["samples"].ctypes.data
        for name in _DOUBLE_RESULTS + _OUTLIER_SCORES + ("predicted",):
            setattr(results, name, arrays[name].ctypes.data)
        with self._lock:
            _check(_library.bnn_predict(self._handle, images.ctypes.data, n,
                                        None if names is None else names.ctypes.data,
                                        ctypes.byref(results)))
        return Predictions(**arrays)
