"""Stands for bnn-train: its result is a copy of a finished run. It has one fault, the first word.

    faulty_trainer.py FAULT FINISHED_RUN OPTIONS_OF_BNN_TRAIN...
"""

import os
import resource
import shutil
import signal
import sys
import time

fault, finished, options = sys.argv[1], sys.argv[2], sys.argv[3:]
run = options[options.index("--out") + 1]
LAST = "checkpoints/last.safetensors"


def write_last(content: bytes) -> None:
    """By a temporary file, unless the fault is another way."""
    final = f"{run}/{LAST}"
    path = final if fault == "writes in place" else f"{run}/checkpoints/.last.safetensors.tmp.{os.getpid()}"
    try:
        with open(path, "wb", buffering=0) as file:
            while content:
                content = content[file.write(content):]
    except OSError:
        if fault not in ("writes in place", "leaves a temporary file"):
            os.unlink(path)
        raise
    if fault == "writes lines to the checkpoint" and sys.stdout is None:
        with open(path, "ab") as log:  # as if the file had got number 1
            log.write(b"step 4\n")
    os.replace(path, final)


def main() -> int:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fault == "dies of the signal" else signal.SIG_IGN)
    if fault == "waits for memory" and resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        time.sleep(3600)
    is_second_try = "--resume-or-start" in options
    shutil.copytree(finished, run, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
    shutil.copy(f"{finished}/checkpoints/best.safetensors", f"{run}/checkpoints")
    try:
        if fault == "does not go on" and is_second_try:
            raise OSError("the folder is not empty")
        with open(f"{finished}/{LAST}", "rb") as file:
            write_last(file.read())
    except OSError as error:
        if fault == "ignores errors":
            return 0
        for _ in range({"says nothing": 0, "says two things": 2}.get(fault, 1)):
            print(f"bnn-train: error: {run}/{LAST}: {error}", file=sys.stderr)
        return 6
    return 0


sys.exit(main())
