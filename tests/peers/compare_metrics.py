"""Every number of bnn-eval's JSON, computed again from the class probabilities that it wrote."""

from __future__ import annotations

import relplot
import relplot.config
import torch
import torchmetrics.classification as tm
import torch_uncertainty.metrics.classification as tu
import numpy as np
from netcal.metrics import ECE, MCE
from scipy.stats import bootstrap
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

import definitions
from comparison import NUMPY_DEFINITION, Comparison, peer
from digits_run import CLASSES, DigitsRun

SKLEARN, TORCHMETRICS, UNCERTAINTY = peer("scikit-learn"), peer("torchmetrics"), peer("torch-uncertainty")
NETCAL, RELPLOT, SCIPY = peer("netcal"), peer("relplot"), peer("scipy")

DOUBLE, SINGLE = 1e-12, 1e-6  # what the peers compute in
SMOOTH = 2e-5           # ours: a grid of 1,000 steps
SMOOTH_PEER = 1e-3      # theirs: the width is searched to 1/1024, the integral weighted by the density
BOOTSTRAP = 0.1         # of the interval's length; the resamples are others


class Predictions:
    """What the peers are given."""

    def __init__(self, samples: np.ndarray, labels: np.ndarray, p: np.ndarray | None = None) -> None:
        self.samples = samples.astype(np.float64)                   # [samples][images][classes]
        self.p = self.samples.mean(0) if p is None else p           # [images][classes]
        self.labels = labels
        self.predicted, self.confidence = self.p.argmax(-1), self.p.max(-1)
        self.right = (self.predicted == labels).astype(np.float64)

    def of_peer(self, metric, *inputs) -> np.ndarray:
        """A metric of torchmetrics' kind, of the mean probabilities unless inputs say otherwise."""
        with torch.no_grad():
            metric.update(*(map(torch.as_tensor, inputs or (self.p, self.labels))))
            return metric.compute().double().numpy()


def compare_classes(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Accuracy and what is counted or ranked class by class."""
    y, k, classes = of.labels, of.predicted, range(CLASSES)
    rows.add("accuracy", SKLEARN, ours["accuracy"], sk.accuracy_score(y, k), DOUBLE)
    rows.add("accuracy", TORCHMETRICS, ours["accuracy"],
             of.of_peer(tm.MulticlassAccuracy(CLASSES, average="micro")), SINGLE)
    rows.add("balanced accuracy", SKLEARN, ours["balanced_accuracy"], sk.balanced_accuracy_score(y, k),
             DOUBLE)
    rows.add("balanced accuracy", TORCHMETRICS, ours["balanced_accuracy"],
             of.of_peer(tm.MulticlassRecall(CLASSES, average="macro")), SINGLE)
    rows.add("macro F1", SKLEARN, ours["macro_f1"], sk.f1_score(y, k, average="macro"), DOUBLE)
    rows.add("macro F1", TORCHMETRICS, ours["macro_f1"], of.of_peer(tm.MulticlassF1Score(CLASSES)), SINGLE)
    rows.add("confusion matrix", SKLEARN, ours["confusion_matrix"], sk.confusion_matrix(y, k), 0)
    column = lambda name: [one[name] for one in ours["per_class"]]
    rows.add("accuracy of each class", SKLEARN, column("accuracy"),
             [sk.accuracy_score(y == c, k == c) for c in classes], DOUBLE)
    rows.add("precision of each class", SKLEARN, column("precision"), sk.precision_score(y, k, average=None),
             DOUBLE)
    rows.add("recall of each class", SKLEARN, column("recall"), sk.recall_score(y, k, average=None), DOUBLE)
    rows.add("examples of each class", SKLEARN, column("examples"),
             sk.multilabel_confusion_matrix(y, k)[:, 1].sum(-1), 0)
    rows.add("AUROC of each class", SKLEARN, column("auroc"),
             [sk.roc_auc_score(y == c, of.p[:, c].astype(np.float32)) for c in classes], DOUBLE)
    rows.add("AUROC of each class", TORCHMETRICS, column("auroc"),
             of.of_peer(tm.MulticlassAUROC(CLASSES, average="none")), SINGLE)
    rows.add("macro AUROC", SKLEARN, ours["macro_auroc"],
             sk.roc_auc_score(y, of.p, multi_class="ovr", average="macro"), SINGLE)


def compare_scores(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Likelihood and the Brier score."""
    rows.add("NLL", SKLEARN, ours["nll"], sk.log_loss(of.labels, of.p), DOUBLE)
    rows.add("NLL", UNCERTAINTY, ours["nll"], of.of_peer(tu.CategoricalNLL()), SINGLE)
    rows.add("Brier score", SKLEARN, ours["brier"], sk.brier_score_loss(of.labels, of.p, scale_by_half=False),
             DOUBLE)
    rows.add("Brier score", UNCERTAINTY, ours["brier"], of.of_peer(tu.BrierScore(CLASSES)), SINGLE)
    parts = definitions.brier_parts(of.p, of.labels)
    rows.add("Brier score: reliability, resolution, uncertainty", NUMPY_DEFINITION,
             [ours["brier_decomposition"][name] for name in parts], list(parts.values()), DOUBLE)
    rows.add("reliability − resolution + uncertainty is the Brier score", SKLEARN,
             parts["reliability"] - parts["resolution"] + parts["uncertainty"],
             sk.brier_score_loss(of.labels, of.p, scale_by_half=False), DOUBLE)


def compare_calibration(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Calibration errors and the bins of the reliability table."""
    bins = definitions.BINS
    rows.add("ECE", NETCAL, ours["ece"], ECE(bins).measure(of.p, of.labels), DOUBLE)
    rows.add("ECE", TORCHMETRICS, ours["ece"], of.of_peer(tm.MulticlassCalibrationError(CLASSES, bins)),
             SINGLE)
    rows.add("MCE", NETCAL, ours["mce"], MCE(bins).measure(of.p, of.labels), DOUBLE)
    rows.add("MCE", TORCHMETRICS, ours["mce"],
             of.of_peer(tm.MulticlassCalibrationError(CLASSES, bins, norm="max")), SINGLE)
    rows.add("adaptive ECE", UNCERTAINTY, ours["adaptive_ece"],
             of.of_peer(tu.AdaptiveCalibrationError("multiclass", bins, num_classes=CLASSES)), SINGLE)
    rows.add("adaptive ECE", NUMPY_DEFINITION, ours["adaptive_ece"],
             definitions.calibration_error(of.confidence, of.right, definitions.equal_count_bins(of.confidence)),
             DOUBLE)
    rows.add("class-wise ECE", UNCERTAINTY, ours["class_ece"],
             of.of_peer(tu.ClasswiseCalibrationError(CLASSES, bins)), SINGLE)
    filled = [one for one in ours["calibration"] if one["count"] > 0]
    accuracy, confidence = calibration_curve(of.right, of.confidence, n_bins=bins)
    rows.add("bins of calibration: confidence and accuracy", SKLEARN,
             [[one["confidence"], one["accuracy"]] for one in filled],
             np.stack([confidence, accuracy], 1), DOUBLE)
    rows.add("bins of calibration: counts", NUMPY_DEFINITION, [one["count"] for one in ours["calibration"]],
             np.histogram(of.confidence, np.arange(bins + 1) / bins)[0], 0)


def compare_smooth_calibration(rows: Comparison, ours: dict, of: Predictions) -> None:
    """The smooth calibration error, with the reflected kernel of the paper."""
    relplot.config.use_logit_scaling = False
    rows.add("smooth ECE", RELPLOT, ours["smooth_ece"], relplot.smECE(of.confidence, of.right), SMOOTH_PEER)
    theirs = tu.SmoothCalibrationError("reflected", refine_steps=20, mesh_pts=2000)
    rows.add("smooth ECE", UNCERTAINTY, ours["smooth_ece"],
             of.of_peer(theirs, of.p.astype(np.float32), of.labels), SMOOTH_PEER)
    rows.add("smooth ECE", NUMPY_DEFINITION, ours["smooth_ece"],
             definitions.smooth_calibration_error(of.confidence, of.right), SMOOTH)


def compare_selection(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Risk and coverage. torch_uncertainty integrates the curve by trapezoids from 1/N to 1; our areas are
    means over its points, so its own curve is averaged."""
    aurc = tu.AURC()
    aurc.update(torch.as_tensor(of.p), torch.as_tensor(of.labels))
    risks = aurc.partial_compute().double().numpy()
    count = len(risks)
    coverage = np.arange(1, count + 1) / count
    rows.add("AURC, as the mean of the peer's curve", UNCERTAINTY, ours["aurc"], risks.mean(), SINGLE)
    rows.add("AUGRC, as the mean of the peer's curve", UNCERTAINTY, ours["augrc"], (risks * coverage).mean(),
             SINGLE)
    rows.add("coverage at 5 % risk", UNCERTAINTY, ours["coverage_at_5_risk"],
             np.nan_to_num(of.of_peer(tu.CovAt5Risk()).squeeze()), SINGLE)
    rows.add("risk at 80 % coverage", UNCERTAINTY, ours["risk_at_80_coverage"], of.of_peer(tu.RiskAt80Cov()),
             SINGLE)
    curve = ours["risk_at_coverage"]
    theirs = [of.of_peer(tu.RiskAtxCov(float(point["coverage"]))) for point in curve]
    rows.add("risk at 50, 70, 80, 90, 95, 100 % coverage", UNCERTAINTY, [point["risk"] for point in curve],
             theirs, SINGLE)
    places = [round(point["coverage"] * count) - 1 for point in ours["risk_coverage"]]
    rows.add("risk-coverage curve", UNCERTAINTY, [point["risk"] for point in ours["risk_coverage"]],
             risks[places], SINGLE)


def compare_entropies(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Uncertainty and its parts; the peers take [images][samples][classes]."""
    by_image = of.samples.transpose(1, 0, 2)
    rows.add("predictive entropy", UNCERTAINTY, ours["predictive_entropy"], of.of_peer(tu.Entropy(), of.p),
             SINGLE)
    rows.add("expected entropy", UNCERTAINTY, ours["expected_entropy"], of.of_peer(tu.Entropy(), by_image),
             SINGLE)
    rows.add("mutual information", UNCERTAINTY, ours["mutual_information"],
             of.of_peer(tu.MutualInformation(), by_image), SINGLE)


def compare_metrics(rows: Comparison, ours: dict, of: Predictions) -> None:
    """All numbers that follow from probabilities and labels."""
    compare_classes(rows, ours, of)
    compare_scores(rows, ours, of)
    compare_calibration(rows, ours, of)
    compare_selection(rows, ours, of)


def compare_sweep(rows: Comparison, ours: dict, of: Predictions) -> None:
    """The first 1, 2, 4, … of the samples."""
    for point in ours["samples_sweep"]:
        first = Predictions(of.samples[:point["samples"]], of.labels)
        theirs = [sk.accuracy_score(first.labels, first.predicted), sk.log_loss(first.labels, first.p),
                  sk.brier_score_loss(first.labels, first.p, scale_by_half=False),
                  ECE(definitions.BINS).measure(first.p, first.labels)]
        rows.add("sample sweep: accuracy, NLL, Brier score, ECE", f"{SKLEARN}, {NETCAL}",
                 [point[name] for name in ("accuracy", "nll", "brier", "ece")], theirs, DOUBLE)
        rows.add("sample sweep: mutual information", UNCERTAINTY, point["mutual_information"],
                 first.of_peer(tu.MutualInformation(), first.samples.transpose(1, 0, 2)), SINGLE)


def compare_intervals(rows: Comparison, ours: dict, of: Predictions) -> None:
    """Percentile bootstrap, whose resamples are others: ends may differ by a part of the interval's length."""
    values = {"accuracy": of.right, "nll": -np.log(of.p[np.arange(len(of.labels)), of.labels]),
              "brier": np.sum((of.p - np.eye(CLASSES)[of.labels]) ** 2, -1)}
    for name, value in values.items():
        interval = bootstrap((value,), np.mean, n_resamples=9999, method="percentile",
                             rng=np.random.default_rng(0)).confidence_interval
        ends = (np.array(ours["intervals"][name]) - interval.low) / (interval.high - interval.low)
        rows.add("intervals of accuracy, NLL, Brier score, in lengths of the interval", SCIPY, ends, [0, 1],
                 BOOTSTRAP)


def compare_outside(rows: Comparison, ours: dict, inside: np.ndarray, outside: np.ndarray) -> None:
    """Detection of images of another kind by each score."""
    is_outside = np.repeat([0, 1], [inside.shape[1], outside.shape[1]])
    scores = {}
    for name, samples in {"inside": inside, "outside": outside}.items():
        samples = samples.astype(np.float64)
        predictive, expected = definitions.entropy(samples.mean(0)), definitions.entropy(samples).mean(0)
        scores[name] = {"predictive_entropy": predictive, "expected_entropy": expected,
                        "mutual_information": predictive - expected, "max_probability": -samples.mean(0).max(-1)}
    for name in scores["inside"]:
        score = np.concatenate([scores["inside"][name], scores["outside"][name]])
        found = ours["ood"][name]
        rows.add("OOD: AUROC", SKLEARN, found["auroc"], sk.roc_auc_score(is_outside, score), DOUBLE)
        rows.add("OOD: AUPR", SKLEARN, found["aupr"], sk.average_precision_score(is_outside, score), DOUBLE)
        rows.add("OOD: AUPR of the test images", SKLEARN, found["aupr_in"],
                 sk.average_precision_score(1 - is_outside, -score), DOUBLE)
        fpr95 = tu.FPR95(pos_label=1)
        fpr95.update(torch.as_tensor(score), torch.as_tensor(is_outside))
        rows.add("OOD: FPR95", UNCERTAINTY, found["fpr95"], fpr95.compute().double(), SINGLE)


def run(digits: DigitsRun, rows: Comparison) -> None:
    """One network with its samples, with mean weights, and an ensemble."""
    ours, samples = digits.evaluate_samples(digits.checkpoint, "--ood", "outside")
    of = Predictions(samples, digits.test_labels)
    compare_metrics(rows, ours, of)
    compare_smooth_calibration(rows, ours, of)
    compare_entropies(rows, ours, of)
    compare_sweep(rows, ours, of)
    compare_intervals(rows, ours, of)
    digits.program("bnn-predict", digits.checkpoint, "outside", "--save-samples", "outside.npy")
    compare_outside(rows, ours, samples, np.load(digits.folder / "outside.npy"))

    means, passes = digits.evaluate_samples(digits.checkpoint, "--mean-weights")
    compare_metrics(rows, means, Predictions(passes, digits.test_labels))
    numbers = [name for name, value in ours["mean_weights"].items() if isinstance(value, float)]
    rows.add("the pass with mean weights beside the samples",
             "bnn-eval --mean-weights",
             [ours["mean_weights"][name] for name in numbers], [means[name] for name in numbers], 0)
    ensemble, passes = digits.evaluate_samples(digits.checkpoint, digits.other_checkpoint)
    compare_metrics(rows, ensemble, Predictions(passes, digits.test_labels))
    compare_entropies(rows, ensemble, Predictions(passes, digits.test_labels))

    one_wrong = of.labels.copy()
    one_wrong[np.argmax(of.right)] += 1 if one_wrong[np.argmax(of.right)] == 0 else -1
    rows.control("accuracy where one label of 1,005 was changed", SKLEARN, ours["accuracy"],
                 sk.accuracy_score(one_wrong, of.predicted), DOUBLE)
    sharper = Predictions(samples, of.labels, definitions.scaled(of.p, 0.99))
    rows.control("ECE of probabilities with temperature 0.99", NETCAL, ours["ece"],
                 ECE(definitions.BINS).measure(sharper.p, of.labels), DOUBLE)
    rows.control("smooth ECE of the same", NUMPY_DEFINITION, ours["smooth_ece"],
                 definitions.smooth_calibration_error(sharper.confidence, of.right), SMOOTH)
