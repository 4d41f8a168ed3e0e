"""The results of a program: files that it puts in place by a rename, in one version after another.

A program has finished a result when it begins to write another file, and when it ends. From then on that
version, or a newer one, must be there after any cut.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from attacked.states import is_growing, is_temporary
from power_loss.disk import Disk, Operation, State

RENAMES = ("rename", "renameat", "renameat2")
REMOVALS = ("unlink", "unlinkat")
OPENS = ("open", "openat", "creat", "truncate")


@cache
def is_result(name: str) -> bool:
    return not is_temporary(Path(name)) and not is_growing(Path(name))


@cache
def may_vanish(name: str) -> bool:
    """Decoded images, a cache that anybody may remove at any time."""
    return Path(name).name.startswith("images-") and name.endswith(".bin")


@cache
def stays(name: str) -> bool:
    """After the end: results, and the lines of metrics; the log and TensorBoard's files may lose their ends."""
    return (is_result(name) and not may_vanish(name)) or name.endswith("metrics.jsonl")


class Results:
    """`may_remove`: the user has told the program to remove what was there, but not its own results."""

    def __init__(self, before: dict[str, bytes], after: dict[str, bytes], may_remove: bool):
        self.after, self.may_remove, self.has_ended = after, may_remove, False
        self.versions = {name: [content] for name, content in before.items() if is_result(name)}
        # Places of the oldest versions that may be there.
        self.oldest = {name: 0 for name in self.versions if not may_vanish(name)}
        self.unfinished: set[str] = set()
        self.own: set[str] = set()

    def run(self, operation: Operation, disk: Disk) -> None:
        """Of an operation that the disk has just run."""
        name = operation.path
        if operation.name in RENAMES and is_result(name) and name in disk.names:
            self.versions.setdefault(name, []).append(disk.files[disk.names[name]].content)
            self.unfinished |= {name} if stays(name) else set()
            self.own.add(name)
        elif operation.name in REMOVALS and self.may_remove and name not in self.own:
            self.oldest.pop(name, None)
        elif operation.name in OPENS and is_temporary(Path(name)):
            self.oldest |= {done: len(self.versions[done]) - 1 for done in self.unfinished}
            self.unfinished.clear()

    def wrong(self, state: State) -> list[str]:
        torn = [f"{name} is torn" for name, content in state.items()
                if content is not None and is_result(name)
                and content not in self.versions.get(name, ()) and content != self.after.get(name)]
        if self.has_ended:
            return torn + [f"{name} is lost after the end" for name, content in self.after.items()
                           if stays(name) and state.get(name) != content]
        return torn + [f"{name} is lost while the program runs" for name, place in self.oldest.items()
                       if state.get(name) not in self.versions[name][place:]]
