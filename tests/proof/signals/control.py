"""Trainers with a fault, which the proof must find: scripts that do something wrong, then call the real one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from signals.stops import Kind, Stop

SIGTERM_HALFWAY = Stop(Kind("SIGTERM", (SIGTERM,)), 0.5, 0.0, 2, 1, None, False)

# $run is the run folder, and $resumes is "yes" where it holds a checkpoint.
BEGIN = """#!/bin/sh
run=$PWD/run resumes=no
if [ -e "$run/checkpoints/last.safetensors" ]; then resumes=yes; fi
real={real}
"""
END = 'exec "$real" "$@"\n'


@dataclass(frozen=True)
class Control:
    fault: str
    script: str
    says: str  # part of what must be found; "": nothing must


CONTROLS = [
    Control("has no fault", "", ""),
    Control("resumes with another seed",
            '[ $resumes = no ] || set -- "$@" --seed 9\n[ $resumes = no ] || rm -r "$run"\n', "other bits"),
    Control("repeats lines of metrics",
            '[ $resumes = no ] || "$real" "$@" || exit\n[ $resumes = no ] || '
            '{ tail -n 1 "$run/metrics.jsonl" >>"$run/metrics.jsonl"; exit; }\n', "metrics.jsonl has other bits"),
    Control("forgets the best weights",
            '[ $resumes = no ] || "$real" "$@" || exit\n[ $resumes = no ] || '
            '{ cp "$run/checkpoints/last.safetensors" "$run/checkpoints/best.safetensors"; exit; }\n',
            "best.safetensors has other bits"),
    Control("ends with another code", '"$real" "$@" & child=$!\ntrap "kill -TERM $child; wait $child; exit 1" TERM\n'
            "wait $child\nexit\n", "code 1"),
    Control("writes its checkpoint in place",
            '"$real" "$@" & child=$!\ntrap "kill -TERM $child; wait $child; '
            'truncate -s 999 $run/checkpoints/last.safetensors; exit 143" TERM\nwait $child\nexit\n',
            "bnn-eval of the run folder: code 5")]


def stand_in(control: Control, programs: Path, folder: Path) -> Path:
    """A folder of programs of which bnn-train has the fault."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("bnn-eval", "bnn-compare"):
        (folder / name).symlink_to(programs / name)
    script = folder / "bnn-train"
    script.write_text(BEGIN.format(real=f'"{programs}/bnn-train"') + control.script + END)
    script.chmod(0o755)
    return folder
