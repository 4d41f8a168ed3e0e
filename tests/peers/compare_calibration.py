"""The fitted temperature, what it makes of the metrics, and conformal sets."""

from __future__ import annotations

import json
import warnings
from unittest import mock

import numpy as np
import torch
from crepes import ConformalClassifier
from mapie.classification import SplitConformalClassifier
from netcal.scaling import TemperatureScaling
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import log_loss
from torch.utils.data import DataLoader, TensorDataset
from torch_uncertainty.post_processing import ConformalClsAPS, ConformalClsRAPS, TemperatureScaler

import definitions
from comparison import NUMPY_DEFINITION, Comparison, peer
from compare_metrics import DOUBLE, SINGLE, Predictions, compare_metrics
from digits_run import CLASSES, DigitsRun

COVERAGE = 0.9
FIT = 1e-3           # of the peers' optimizers, in ln T
FIT_SCIPY = 1e-6
SCORES = ("lac", "aps", "raps")


class Table(ClassifierMixin, BaseEstimator):
    """A fitted classifier of scikit-learn's kind whose inputs are rows of a table of probabilities."""

    def __init__(self, p: np.ndarray) -> None:
        self.p, self.classes_, self.is_fitted_ = p, np.arange(p.shape[1]), True

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """The rows that x names."""
        return self.p[x[:, 0]]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The most probable class."""
        return self.predict_proba(x).argmax(-1)


class AlwaysOne:
    """In place of a random state: APS without randomisation subtracts the whole probability of the label."""

    @staticmethod
    def uniform(size):
        """Ones."""
        return np.ones(size)


def mapie_sets(score: str, held_out: Predictions, p: np.ndarray) -> np.ndarray:
    """[images][classes], by MAPIE's split-conformal classifier."""
    conformal = SplitConformalClassifier(Table(np.concatenate([held_out.p, p])), COVERAGE, score, prefit=True)
    count = len(held_out.p)
    with mock.patch("mapie.conformity_scores.sets.aps.check_random_state", return_value=AlwaysOne):
        conformal.conformalize(np.arange(count)[:, None], held_out.labels)
    return conformal.predict_set(np.arange(count, count + len(p))[:, None])[1][:, :, 0]


def crepes_sets(score: str, held_out: Predictions, p: np.ndarray) -> np.ndarray:
    """The same by crepes, which takes the scores of the definition."""
    scores = definitions.conformal_scores(held_out.p, score)
    conformal = ConformalClassifier()
    conformal.fit(scores[np.arange(len(scores)), held_out.labels])
    return conformal.predict_set(definitions.conformal_scores(p, score), confidence=COVERAGE, smoothing=False)


def compare_temperature(rows: Comparison, ours: dict, held_out: Predictions) -> None:
    """The temperature of the least NLL on the held-out images, as its logarithm."""
    ln_t = np.log(ours["temperature"])
    best = minimize_scalar(lambda x: log_loss(held_out.labels, definitions.scaled(held_out.p, np.exp(x))),
                           bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    rows.add("ln of the fitted temperature", peer("scipy"), ln_t, best.x, FIT_SCIPY)
    logits = torch.log(torch.as_tensor(held_out.p)).float()
    scaler = TemperatureScaler(model=torch.nn.Identity(), lr=0.5, max_iter=500)
    data = TensorDataset(logits, torch.as_tensor(held_out.labels))
    scaler.fit(DataLoader(data, batch_size=len(logits)), progress=False)
    rows.add("ln of the fitted temperature", peer("torch-uncertainty"), ln_t,
             np.log(scaler.temperature[0].item()), FIT)
    fitted = TemperatureScaling()
    fitted.fit(held_out.p, held_out.labels)
    rows.add("ln of the fitted temperature", peer("netcal"), ln_t,
             -np.log(float(np.squeeze(fitted.temperature))), FIT)
    for name, temperature in {"nll_before": 1, "nll_after": ours["temperature"]}.items():
        rows.add("NLL of the held-out images before and after", peer("scikit-learn"), ours[name],
                 log_loss(held_out.labels, definitions.scaled(held_out.p, temperature)), DOUBLE)


def compare_scaled(rows: Comparison, ours: dict, samples: np.ndarray, labels: np.ndarray) -> None:
    """All metrics of scaled probabilities."""
    p = definitions.scaled(samples.astype(np.float64).mean(0), ours["temperature"])
    of = Predictions(samples, labels, p)
    scaled = Comparison()
    compare_metrics(scaled, ours, of)
    rows.add_all("all metrics of probabilities and labels, with --temperature", scaled)
    for name, values in definitions.scaled_entropies(of.samples, ours["temperature"]).items():
        rows.add("entropies and mutual information, with --temperature", NUMPY_DEFINITION, ours[name],
                 values.mean(), DOUBLE)


def compare_sets(rows: Comparison, digits: DigitsRun, score: str, held_out: Predictions,
                 test: Predictions) -> None:
    """Which classes are in the set of each test image, and what bnn-eval says of the sets."""
    options = ("--conformal", str(COVERAGE), "--conformal-score", score)
    lines = digits.predict(digits.checkpoint, "test-images", *options)
    sets = np.zeros_like(test.p, bool)
    for image, line in enumerate(lines):
        sets[image, line["prediction_set"]] = True
    theirs = {peer("crepes"): crepes_sets(score, held_out, test.p)}
    if score != "raps":  # MAPIE chooses the penalty itself
        theirs[peer("mapie")] = mapie_sets(score, held_out, test.p)
    ours = digits.evaluate(digits.checkpoint, *options)["conformal"]
    stated = [ours["coverage"], ours["mean_size"], *ours["class_coverage"]]
    for name, matrix in theirs.items():
        matrix = np.asarray(matrix, bool)
        what = f"conformal sets, {score}: members, coverage and sizes"
        rows.add(what, name, sets, matrix, DOUBLE)
        covered = matrix[np.arange(len(matrix)), test.labels]
        rows.add(what, name, stated,
                 [covered.mean(), matrix.sum(-1).mean(),
                  *[covered[test.labels == k].mean() for k in range(CLASSES)]],
                 DOUBLE)
        rows.add(what, name, ours["size_counts"], np.bincount(matrix.sum(-1), minlength=CLASSES + 1), DOUBLE)
    wrong = Predictions(held_out.samples, np.roll(held_out.labels, 1))
    rows.control(f"conformal sets, {score}, with labels of the next image", peer("crepes"), sets,
                 crepes_sets(score, wrong, test.p), DOUBLE)


def compare_stored_scores(rows: Comparison, stored: dict, held_out: Predictions, temperature: float) -> None:
    """The sorted scores of the labels. torch_uncertainty has aps and raps with a random share of each class's
    probability; the share 1 makes them ours."""
    p = torch.as_tensor(definitions.scaled(held_out.p, temperature) if temperature != 1 else held_out.p)
    labels = torch.as_tensor(held_out.labels)
    theirs = {"aps": ConformalClsAPS(1 - COVERAGE, enable_ts=False),
              "raps": ConformalClsRAPS(1 - COVERAGE, penalty=0.01, regularization_rank=2)}
    for name, conformal in theirs.items():
        with mock.patch("torch.rand", torch.ones):
            scores = conformal._calculate_single_label(p, labels).sort().values.numpy()
        rows.add("conformal scores of the held-out images", peer("torch-uncertainty"), stored[name], scores,
                 SINGLE)
    for name in SCORES:
        scores = definitions.conformal_scores(p.numpy(), name)[np.arange(len(labels)), held_out.labels]
        rows.add("conformal scores of the held-out images", NUMPY_DEFINITION, stored[name],
                 np.sort(scores), DOUBLE)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """Held-out images first."""
    warnings.simplefilter("ignore")
    stored = json.loads((digits.folder / f"{digits.checkpoint}.calibration.json").read_text())
    samples, labels = digits.held_out()
    held_out = Predictions(samples, labels)
    compare_temperature(rows, stored, held_out)
    compare_stored_scores(rows, stored["scores"], held_out, 1)
    compare_stored_scores(rows, stored["scaled_scores"], held_out, stored["temperature"])

    ours, samples = digits.evaluate_samples(digits.checkpoint, "--temperature")
    compare_scaled(rows, ours, samples, digits.test_labels)
    test = Predictions(samples, digits.test_labels)
    for score in SCORES:
        compare_sets(rows, digits, score, held_out, test)
