"""What a folder may hold after a kill, and what it must hold when the command was given again."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from harness import tiny

# These grow line by line, so a kill may leave a part of a line, which the next run mends.
GROWING = ("metrics.jsonl", "train.log")
EVENTS = "events.out.tfevents."  # of TensorBoard; the name goes on with the time


def is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and ".tmp." in path.name


def is_growing(path: Path) -> bool:
    return path.name in GROWING or path.name.startswith(EVENTS)


def files_of(folder: Path) -> dict[str, bytes]:
    """Relative names and contents of what is no temporary file."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not is_temporary(path)}


def without_events(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if EVENTS not in name}


def has_whole_records(content: bytes) -> bool:
    """TFRecord: u64 length, u32 checksum, that many bytes, u32 checksum."""
    place = 0
    while place < len(content):
        if len(content) - place < 12:
            return False
        place += 16 + struct.unpack_from("<Q", content, place)[0]
    return place == len(content)


def torn(folder: Path, known: list[dict[str, bytes]], evaluate: list[str]) -> list[str]:
    """What is wrong with files under their final names, right after a kill.

    A file is whole if it is one that a run has before or after the command. Checkpoints have other
    versions in between, which bnn-eval (`evaluate`, without the checkpoint) must accept.
    """
    wrong = []
    for name, content in files_of(folder).items():
        if is_growing(Path(name)) or any(files.get(name) == content for files in known):
            continue
        if name.endswith(".safetensors") and "/checkpoints/" in f"/{name}":
            done = tiny.run([*evaluate, name], folder)
            if done.returncode != 0:
                wrong.append(f"{name} is torn: {done.stderr.decode().strip()}")
        else:
            wrong.append(f"{name} is neither the old nor the new file ({len(content)} bytes)")
    return wrong


def metrics_of(path: Path) -> list[dict[str, object]] | None:
    """The lines without times, or nothing if they are not whole."""
    try:
        return tiny.timeless_metrics(path)
    except ValueError:
        return None


def unequal(folder: Path, reference: Path) -> list[str]:
    """How the end of a run differs from that of one that was not killed."""
    wrong = []
    ours, theirs = (without_events(files_of(place)) for place in (folder, reference))
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            wrong.append(f"{name} is {'missing' if name not in ours else 'left over'}")
        elif name.endswith("metrics.jsonl"):
            if metrics_of(folder / name) != metrics_of(reference / name):
                wrong.append(f"{name} has other lines")
        elif not is_growing(Path(name)) and ours[name] != theirs[name]:
            wrong.append(f"{name} has other bytes")
    wrong += [f"{path.name} ends within a record" for path in folder.rglob(EVENTS + "*")
              if not has_whole_records(path.read_bytes())]
    return wrong


def left_behind(folder: Path) -> list[str]:
    """Temporary files that nobody has removed."""
    return [f"{path.name} was left behind" for path in folder.rglob("*") if is_temporary(path)]


def check_config(folder: Path) -> list[str]:
    """A run's config is valid JSON, or is not there."""
    path = folder / "run" / "config.json"
    try:
        json.loads(path.read_text()) if path.exists() else None
    except ValueError as error:
        return [f"run/config.json: {error}"]
    return []
