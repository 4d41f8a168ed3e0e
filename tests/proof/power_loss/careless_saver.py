"""A program that saves in one of three wrong ways. The proof must find each."""

import os
import sys


def write(path: str, is_synced: bool) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, b'{"value": 2}')
    if is_synced:
        os.fsync(file)
    os.close(file)


way = sys.argv[1]
if way == "in-place":
    write("result.json", is_synced=True)
else:
    write(".result.json.tmp.1", is_synced=way == "folder-not-synced")
    os.rename(".result.json.tmp.1", "result.json")
    if way == "file-not-synced":
        folder = os.open(".", os.O_RDONLY)
        os.fsync(folder)
