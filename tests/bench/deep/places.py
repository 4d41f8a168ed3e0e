"""Where things are, and how they are called in the CSV, which names no folder of a machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runs import Run


@dataclass(frozen=True)
class Places:
    """Folders and files."""

    build: Path          # of bnn-train and bnn-eval
    cifar: Path
    fashion: Path
    out: Path
    python: Path | None  # with PyTorch

    def data(self, run: Run) -> Path:
        """The data files of a run."""
        return self.cifar if run.data == "cifar" else self.fashion

    def folder(self, run: Run) -> Path:
        """The run folder."""
        return self.out / run.name

    def evaluation(self, run: Run) -> Path:
        """Of what bnn-eval said about a run, and of its test probabilities."""
        return self.folder(run) / "evaluation"

    def best(self, name: str) -> Path:
        """The checkpoint of the lowest held-out NLL."""
        return self.out / name / "checkpoints" / "best.safetensors"

    def other_images(self, run: Run) -> list[str]:
        """The options of bnn-eval for images of another kind: the other data set's test images."""
        file, layout = ((self.fashion / "t10k-images-idx3-ubyte.gz", "idx") if run.data == "cifar"
                        else (self.cifar / "test_batch.bin", "cifar10"))
        return ["--ood", str(file), "--ood-format", layout, "--ood-resize"]

    def portable(self, command: list[str]) -> str:
        """The command with names in place of this machine's folders."""
        words = []
        for word in command:
            for folder, name in ((self.out, "OUT"), (self.cifar, "CIFAR"),
                                 (self.fashion, "FASHION"), (self.build, "")):
                word = word.replace(f"{folder}/", f"{name}/" if name else "").replace(
                    str(folder), name)
            words.append(f"'{word}'" if any(c in word for c in ' "{') else word)
        return " ".join(words)
