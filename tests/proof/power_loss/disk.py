"""A disk that keeps what was synced, and may or may not keep the rest.

The model is at least as harsh as POSIX. Bytes are safe after fsync of their file, names (of new files,
renames and removals) after fsync of their folder, and nothing else is. A rename that is not synced shows
the old or the new name, never none.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

FOLDER = -1  # stands for the number of a file, of names that are folders
BLOCKS = 3  # of new bytes, of which any may have reached the disk

State = dict[str, bytes | None]  # of the names after a cut; None: a folder


@dataclass
class File:
    """`synced` is what the disk holds for sure."""

    content: bytes = b""
    synced: bytes = b""
    made: list[bytes] = field(default_factory=list)  # by outcomes(), of this content

    @property
    def is_dirty(self) -> bool:
        return self.content != self.synced

    def put(self, content: bytes) -> None:
        self.content, self.made = content, []

    def write(self, offset: int, data: bytes) -> None:
        before = self.content[:offset]
        gap = bytes(offset - len(before))
        self.put(before + gap + data + self.content[offset + len(data):])

    def outcomes(self) -> list[bytes]:
        """What the disk may hold after a cut: all, what was synced, a half of what is new, the new length
        with other bytes, and any blocks of the new bytes with zeros or old bytes for the others."""
        if not self.made:
            old, new = self.synced, self.content
            kept, more = old[:len(new)], max(0, len(new) - len(old))
            start = len(old) if new.startswith(old) else 0
            middle = (start + len(new)) // 2
            garbage = (b"\xa5{\"\n" * (more // 4 + 1))[:more]
            self.made = [new, old, new[:middle] + old[middle:], kept + garbage,
                         *mixtures(kept + bytes(more), new, start)]
        return self.made


def mixtures(base: bytes, new: bytes, start: int) -> list[bytes]:
    """Every choice of blocks from `start` on between two texts of one length, but that of all new ones."""
    ends = [start + (len(new) - start) * i // BLOCKS for i in range(BLOCKS + 1)]
    return [base[:start] + b"".join(text[begin:end] for text, begin, end
                                    in zip(texts, ends, ends[1:]))
            for texts in itertools.product((base, new), repeat=BLOCKS)][:-1]


OUTCOMES = 4 + 2**BLOCKS - 1


@dataclass(frozen=True)
class Change:
    """Of names in a folder: `name` then means `number`, or nothing; `old` loses its meaning."""

    folder: str
    name: str
    number: int | None
    old: str = ""

    def apply(self, names: dict[str, int]) -> None:
        if self.old:
            names.pop(self.old, None)
        if self.number is None:
            names.pop(self.name, None)
        else:
            names[self.name] = self.number


@dataclass(frozen=True)
class Operation:
    """A line of the tracer's record, with paths relative to the folder that is watched."""

    name: str
    offset: int
    size: int
    old: str
    path: str
    data: bytes


def parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


class Disk:
    def __init__(self, start: dict[str, bytes], folders: list[str]):
        self.files = [File(content, content) for content in start.values()]
        self.safe: dict[str, int] = {name: i for i, name in enumerate(start)}
        self.safe |= {name: FOLDER for name in folders}
        self.names = dict(self.safe)
        self.pending: list[Change] = []

    def _change(self, change: Change) -> None:
        change.apply(self.names)
        self.pending.append(change)

    def _new_file(self, path: str) -> None:
        self.files.append(File())
        self._change(Change(parent(path), path, len(self.files) - 1))

    def run(self, operation: Operation) -> None:
        path = operation.path
        number = self.names.get(path)
        match operation.name:
            case "openat" | "open" | "creat" | "truncate" if number is None:
                self._new_file(path)
            case "write" | "pwrite64" if number is not None:
                self.files[number].write(operation.offset, operation.data)
            case "truncate" | "ftruncate" if number is not None:
                content = self.files[number].content[:operation.size]
                self.files[number].put(content + bytes(operation.size - len(content)))
            case "fsync" | "fdatasync":
                self._sync(path, number)
            case "rename" | "renameat" | "renameat2" if operation.old in self.names:
                moved = self.names[operation.old]
                self._change(Change(parent(path), path, moved, operation.old))
            case "unlink" | "unlinkat" | "rmdir" if number is not None:
                self._change(Change(parent(path), path, None))
            case "mkdir" | "mkdirat" if number is None:
                self._change(Change(parent(path), path, FOLDER))

    def _sync(self, path: str, number: int | None) -> None:
        if number is not None and number != FOLDER:
            self.files[number].synced = self.files[number].content
            self.files[number].put(self.files[number].content)
            return
        for change in self.pending:
            if change.folder == path:
                change.apply(self.safe)
        self.pending = [change for change in self.pending if change.folder != path]

    def contents(self) -> dict[str, bytes]:
        """Of all names, as a program sees them."""
        return {name: self.files[number].content for name, number in self.names.items()
                if number != FOLDER}


def operations(record: Path, watched: Path) -> list[Operation]:
    """Reads what the tracer has recorded."""
    def relative(path: str) -> str:
        return str(Path(path).relative_to(watched)) if path else ""
    found = []
    for line in (record / "ops.txt").read_text().splitlines():
        number, name, offset, size, old, path = line.split("\t")
        data = record / f"{number}.data"
        found.append(Operation(name, int(offset), int(size), relative(old), relative(path),
                               data.read_bytes() if data.exists() else b""))
    return found
