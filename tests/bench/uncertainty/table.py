"""Prints the tables of ../uncertainty.sh in Markdown, from the JSON files in a folder."""

import json
import pathlib
import sys

WAYS = {
    "flipout": "flipout",
    "deterministic": "deterministic",
    "temperature": "deterministic, temperature fitted",
    "dropout": "Monte Carlo dropout",
    "ensemble": "ensemble of three deterministic networks",
}
SCORES = ("max_probability", "predictive_entropy", "mutual_information")


def metric(result, name, scale=1.0, digits=3):
    low, high = result["intervals"][name]
    text = f"{scale * result[name]:.{digits}f}"
    return f"{text} ({scale * low:.{digits}f}–{scale * high:.{digits}f})"


def metric_row(result):
    risk = next(p["risk"] for p in result["risk_at_coverage"] if p["coverage"] == 0.8)
    return [
        metric(result, "accuracy", 100, 2),
        metric(result, "nll"),
        metric(result, "brier"),
        metric(result, "ece"),
        f"{result['aurc']:.4f}",
        f"{100 * risk:.2f}",
    ]


def detection_row(result):
    cells = []
    for score in SCORES:
        found = result["ood"][score]
        if score == "mutual_information" and result["mutual_information"] == 0:
            cells.append("–")
        else:
            cells.append(f"{found['auroc']:.3f} / {found['aupr']:.3f} / {found['fpr95']:.3f}")
    return cells


def table(title, columns, row_of, results):
    print(f"| {title} | " + " | ".join(columns) + " |")
    print("| --- " * (len(columns) + 1) + "|")
    for way, text in WAYS.items():
        print(f"| {text} | " + " | ".join(row_of(results[way])) + " |")
    print()


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, data in (("fashion", "Fashion-MNIST, LeNet-5"), ("cifar", "CIFAR-10, six convolutions")):
        results = {way: json.loads((folder / f"{name}-{way}.json").read_text()) for way in WAYS}
        columns = ["accuracy, %", "NLL", "Brier", "ECE", "AURC", "errors in the most confident 80 %, %"]
        table(data, columns, metric_row, results)
        columns = [score.replace("_", " ") for score in SCORES]
        table(f"{data}: AUROC / AUPR / FPR95 by", columns, detection_row, results)


if __name__ == "__main__":
    main()
