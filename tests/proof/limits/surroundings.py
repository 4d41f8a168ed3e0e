"""What surrounds a program: folders that refuse, the environment, the processor's time."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from limits.limit import FAILS_TIDILY, REFUSED, WORKS, Case, Limit, cases, shell
from limits.memory import NOBODY
from limits.tasks import LONG, TASKS, Places, tasks_named

Undo = Callable[[], None]


def nothing() -> None:
    pass


def give_away(places: Places) -> Undo:
    """The other user owns the folder of work."""
    for path in [places.work, *places.work.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
    return nothing


def keep_files(places: Places) -> Undo:
    """The other user may write to the folders, not to the files in them."""
    give_away(places)
    files = [path for path in places.work.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o444)
        if os.geteuid() == 0:
            os.chown(path, 0, 0)

    def undo() -> None:
        for path in files:
            if path.exists():
                path.chmod(0o644)
    return undo


def close_folders(places: Places) -> Undo:
    folders = [places.work, *(path for path in places.work.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)

    def undo() -> None:
        for folder in folders:
            folder.chmod(0o755)
    return undo


def as_other_user() -> list[Case]:
    user = NOBODY if os.geteuid() == 0 else ()
    found = []
    for task in TASKS:
        codes = REFUSED if task.writes or task.trains else WORKS
        found.append(Case("permission", task, Limit("a folder of which it may read alone", user, codes=codes,
                                                    changes_nothing=True, prepare=close_folders)))
        found.append(Case("permission", task, Limit("files of which it may read alone", user,
                                                    prepare=keep_files)))
    return found


def in_the_way(name: str, make: Callable[[Path], None]) -> Callable[[Places], Undo]:
    def prepare(places: Places) -> Undo:
        path = places.work / name
        make(path)
        number = path.lstat().st_ino
        return lambda: remove(path) if path.lstat().st_ino == number else None
    return prepare


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def without_folder(places: Places) -> Undo:
    places.work.rmdir()
    return lambda: places.work.mkdir(exist_ok=True)


def linked_folder(places: Places) -> Undo:
    """The run lies elsewhere, and its name is a link."""
    run, elsewhere = places.work / "run", places.work / "elsewhere"
    elsewhere.mkdir() if not run.exists() else run.rename(elsewhere)
    run.symlink_to("elsewhere")
    return nothing


def in_the_place_of_outputs() -> list[Case]:
    makers: dict[str, Callable[[Path], None]] = {
        "a file": lambda path: path.write_bytes(b"precious"),
        "a dangling link": lambda path: path.symlink_to("nowhere/at/all"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a pipe": lambda path: os.mkfifo(path)}
    found = [Case("places", task, Limit(f"run is {what}", codes=REFUSED, changes_nothing=True,
                                        prepare=in_the_way("run", make)))
             for what, make in makers.items() for task in tasks_named("train", "tensorboard")]
    found += cases("places", tasks_named("train", "resume", "overwrite"),
                   [Limit("run is a link to a folder", codes=WORKS, prepare=linked_folder)])
    found += cases("places", tasks_named("train", "compare"),
                   [Limit("the parent is missing", prepare=without_folder)])
    makers["a folder"] = lambda path: path.mkdir()
    del makers["a file"]
    for what, make in makers.items():
        for task in TASKS:
            for name in task.writes + task.keeps:
                limit = Limit(f"{name} is {what}", prepare=in_the_way(name, make))
                found.append(Case("places", task, limit))
    return found


ENVIRONMENTS = [
    ("-u", "HOME"), ("HOME=/nowhere",), ("HOME=",), ("-i",), ("PATH=",), ("TMPDIR=/nowhere",),
    ("LC_ALL=de_DE.UTF-8",), ("LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8"), ("LC_ALL=no such locale",),
    ("LC_ALL=../../../etc",), ("LC_NUMERIC=de_DE.UTF-8",), ("LANG=",), ("TZ=/nowhere",),
    ("TZ=:../../etc/passwd",), ("COLUMNS=-1", "TERM="), ("MALLOC_PERTURB_=165",), ("MALLOC_ARENA_MAX=1",),
    ("MALLOC_MMAP_THRESHOLD_=0",), ("OMP_STACKSIZE=1K",),
    *((f"{name}={value}",) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")
      for value in ("0", "-1", "1", "64", "100000", "99999999999999999999", "many", ""))]


def environment() -> list[Case]:
    limits = [Limit("env " + (" ".join(words) or "empty"), ("env", *words), codes=WORKS)
              for words in ENVIRONMENTS]
    gone = shell('mkdir "$1.gone" && cd "$1.gone" && rmdir "$1.gone" && shift && exec "$@"', "{work}")
    limits.append(Limit("no working directory", gone, codes=WORKS))
    limits.append(Limit("an umask of 0777", shell('umask 0777; exec "$@"')))
    # The kernel of OpenBLAS is recorded in checkpoints, also where it makes no product.
    kernel = Limit("env OPENBLAS_CORETYPE=nonsense", ("env", "OPENBLAS_CORETYPE=nonsense"), codes=WORKS)
    return (cases("environment", TASKS, limits)
            + cases("environment", [task for task in TASKS if not task.trains], [kernel]))


def processor_time() -> list[Case]:
    """The system ends a program with SIGXCPU at the soft limit, and with SIGKILL at the hard one."""
    limits = []
    for threads in ("1", "8"):
        for name, code in (("1:10", -signal.SIGXCPU), ("1:1", -signal.SIGKILL)):
            limits.append(Limit(f"{name} s, {threads} threads", ("prlimit", f"--cpu={name}"),
                                ("--threads", threads), codes=WORKS | {int(code)}))
    return cases("processor time", [LONG], limits)
