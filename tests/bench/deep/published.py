"""Figures of others that stand beside ours, as their sources state them in public text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Accuracy in percent, NLL in nats, ECE; what is not stated is None."""

    name: str
    accuracy: float
    nll: float
    ece: float | None
    source: str
    differs: str


EDWARD2 = "google/edward2, baselines/cifar10"
BASELINES = "google/uncertainty-baselines, baselines/mnist"
BDLX = "cs-giung/bdlx, examples/cifar"
ADDITIONAL = "README “Additional Baselines” of uCBOpt"

FLIPOUT_RESNET20 = Figure("flipout", 89.1, 0.382, None, EDWARD2,
                          "batch normalisation, KL weight 1")
ENSEMBLE_RESNET20 = Figure("ensemble of five", 94.1, 0.184, None, EDWARD2,
                           "deterministic members, batch normalisation")
VARIATIONAL_LENET5 = Figure("variational", 89.5, 0.292, 0.011, BASELINES, "smaller network")
ENSEMBLE_LENET5 = Figure("ensemble of ten", 93.2, 0.200, 0.010, BASELINES,
                         "ten deterministic members")

RESNET20 = (
    FLIPOUT_RESNET20,
    Figure("deterministic", 92.1, 0.310, None, EDWARD2, "batch normalisation, Adam"),
    Figure("IVON at its mean", 91.2, 0.297, None, BDLX,
           "swish, 40,960 images, 312 epochs, no samples"),
    Figure("AdamW", 91.1, 0.374, None, BDLX, "deterministic; swish, 40,960 images, 312 epochs"),
    Figure("HMC, three chains", 90.8, 0.295, None, BDLX, "swish, no augmentation"),
    Figure("SNGP", 91.4, 0.305, 0.043, ADDITIONAL, "filter response"),
    ENSEMBLE_RESNET20,
)
LENET5 = (
    VARIATIONAL_LENET5,
    Figure("refined variational", 90.6, 0.259, 0.011, BASELINES, "smaller network"),
    Figure("deterministic", 91.0, 0.321, None, BASELINES, "smaller network"),
    Figure("IVON", 91.1, 0.258, 0.013, "README “Reproducing Singh et al. (2026)”",
           "44,000 weights, 64 samples"),
    ENSEMBLE_LENET5,
)
# Other networks and other images than ours: orders of size, no comparison.
AUROC = ("Others report, for a WRN-16-4 on CIFAR-10 and a mean over several sets of other images: "
         "variational Bayes 0.881, deep ensemble 0.940 (denskrlv/laplace-v2.0, BLOG.md). Networks "
         "and images differ from those here.")
