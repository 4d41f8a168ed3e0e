"""A program that saves twice, in one of five wrong ways. The proof must find each."""

import os
import sys


def write(path: str, value: int, is_synced: bool) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, f'{{"value": {value}}}'.encode())
    if is_synced:
        os.fsync(file)
    os.close(file)


def sync_folder() -> None:
    folder = os.open(".", os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


way = sys.argv[1]
for value in (1, 2):
    if way == "in-place":
        write("result.json", value, is_synced=True)
        continue
    write(".result.json.tmp.1", value, is_synced=way != "file-not-synced")
    if way == "removed-first":
        os.unlink("result.json")
    os.rename(".result.json.tmp.1", "result.json")
    if way in ("file-not-synced", "removed-first") or (way == "synced-at-the-end" and value == 2):
        sync_folder()
