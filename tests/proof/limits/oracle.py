"""What must hold when a program has ended under a limit. Each function returns sentences of what does not."""

from __future__ import annotations

import json
import re
from pathlib import Path

from limits.limit import Case
from limits.reference import Reference, Result, digest, regular, result_of, run_freely
from limits.start import Ended
from limits.tasks import Places, Task

REFUSALS = {2, 3, 4, 5, 8}
ERROR = re.compile(r"^bnn-[a-z-]+: error: [^\x00-\x1f]{5,490}$", re.MULTILINE)
TEMPORARY = re.compile(r"^\..*\.tmp\.[0-9.]+$")
LOADER = "error while loading shared libraries"
Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Everything below a folder; links are not followed."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        kind = b"link" if path.is_symlink() else b"folder" if path.is_dir() else b"file"
        found[str(path.relative_to(folder))] = kind + b" " + (regular(path) if kind == b"file" else b"")
    return found


def was_not_loaded(case: Case, ended: Ended) -> bool:
    """Whether the system ended it before it began."""
    said = ended.err.startswith(("prlimit: ", "env: ", "setpriv: ", "sh: ")) or LOADER in ended.err
    return ended.code != 0 and (case.limit.is_too_small or said)


def check_end(case: Case, ended: Ended) -> list[str]:
    if ended.hung:
        return ["it hangs"]
    errors = ERROR.findall(ended.err)
    if ended.code == 0 and errors:
        return [f"code 0, and yet: {errors[0]}"]
    if case.task.launched or was_not_loaded(case, ended):
        return []
    if ended.code not in case.limit.codes:
        return [f"code {ended.code}: {ended.err[:300]!r}"]
    if ended.code > 0 and case.limit.is_seen and len(errors) != 1:
        return [f"code {ended.code} with {len(errors)} sentences: {ended.err[:300]!r}"]
    return []


def check_result(task: Task, found: Result, expected: Result, is_seen: bool) -> list[str]:
    wrong = [f"code 0, and {name} has other bits" if found.files[name] else f"code 0 without {name}"
             for name in expected.files if found.files[name] != expected.files[name]
             and (found.files[name] or name not in task.keeps)]
    if is_seen and found.out != expected.out:
        wrong.append("code 0, and other lines on standard output")
    return wrong


def loads(path: Path, places: Places, case: Case) -> bool:
    words = [f"{places.programs}/bnn-export", str(path), "--mean-weights", "--output", "/dev/null"]
    words[-1] = str(places.work.parent / "loaded.onnx")
    return run_freely(words, places, case.task).code == 0


def is_whole(name: str, content: bytes, case: Case, reference: Reference) -> bool:
    path = reference.places.work / name
    base = path.name
    if base in case.task.writes + case.task.keeps:
        return content == reference.results[case.task.name].files[base]
    if base in ("last.safetensors", "best.safetensors"):
        return digest(content) in reference.checkpoints or loads(path, reference.places, case)
    if base == "metrics.jsonl":  # a last line that is cut is cut off by --resume
        return all(is_json(line) for line in content.split(b"\n")[:-1])
    if base == "config.json":
        return is_json(content)
    return base == "train.log" or "events" in base


def is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def leaves_out(case: Case, ended: Ended) -> bool:
    """An evaluation without the memory or threads for one score goes on without it, and says so."""
    return ended.code == 0 and "score mahalanobis is left out: " in ended.err and case.task.name.startswith("eval")


def check_files(case: Case, ended: Ended, before: Tree, reference: Reference) -> list[str]:
    after = tree(reference.places.work)
    if ended.code != 0 and (case.limit.changes_nothing or ended.code in REFUSALS) and after != before:
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return [f"code {ended.code}, and it changed {', '.join(changed)}"]
    wrong = []
    for name, content in after.items():
        if content == before.get(name) or not content.startswith(b"file "):
            continue
        if TEMPORARY.match(Path(name).name):
            if ended.code >= 0 and not ended.hung and not case.task.launched:
                wrong.append(f"code {ended.code} leaves {name}")
        elif leaves_out(case, ended) and Path(name).name in case.task.writes:
            continue
        elif not is_whole(name, content.removeprefix(b"file "), case, reference):
            wrong.append(f"code {ended.code} leaves {name}, of {len(content) - 5} bytes, which is not whole")
    vanished = [name for name in before if name not in after and "safetensors" in name]
    if case.task.name != "overwrite":
        wrong += [f"code {ended.code}, and {name} is gone" for name in vanished]
    return wrong


def check_afterwards(case: Case, reference: Reference) -> list[str]:
    """Without the limit, the same folder gives what it should."""
    places, expected = reference.places, reference.results[case.task.name]
    words = (case.task.again or case.task.words)(places)
    ended = run_freely(words, places, case.task)
    if ended.code != 0:
        return [f"afterwards, without the limit: code {ended.code}: {ended.err[:300]!r}"]
    found = check_result(case.task, result_of(case.task, places, ended.out), expected, case.task.again is None)
    return [f"afterwards, without the limit: {sentence}" for sentence in found]
