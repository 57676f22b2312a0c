"""Disks that are full, or take nothing at all: small ones that only the superuser can mount; and calls that fail."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.child import WrongError, cubie
from tests.faults.scene import PARTS, Scene, before

#: Bytes of a disk; a result takes a hundredth.
_DISK = 4 << 20
_PAGE = 4096
_BALLAST = "ballast"


def _command(*arguments: object) -> None:
    subprocess.run([str(each) for each in arguments], check=True, capture_output=True)


@contextmanager
def _disk(scene: Scene) -> Iterator[Path]:
    """Have the batch on a disk of its own; yield a file that takes room there."""
    kept = {path.name: path.read_bytes() for path in scene.folder.iterdir()}
    _command("mount", "-t", "tmpfs", "-o", f"size={_DISK}", "cubie-faults", scene.folder)
    try:
        for name, content in kept.items():
            (scene.folder / name).write_bytes(content)
        yield scene.folder / _BALLAST
    finally:
        _command("umount", scene.folder)


def _fill(ballast: Path, room: int) -> None:
    """Leave so many bytes free."""
    free = shutil.disk_usage(ballast.parent).free
    with ballast.open("ab") as file:
        while free > room:
            taken = file.write(b"\1" * min(free - room, 1 << 16))
            file.flush()
            free -= taken


def full_while_solving(scene: Scene) -> str:
    """Fill the disk while a batch is being solved."""
    from cubie_cli.results.blocks import Blocks  # noqa: PLC0415 - the commands have it

    with _disk(scene) as ballast:
        at, room = scene.rng.randrange(1, PARTS + 1), _PAGE * scene.rng.choice((0, 0, 1, 2))
        ended = scene.run(hurt=lambda: before(Blocks, "write", at, lambda: _fill(ballast, room))).among(0, 5)
        scene.check()
        ballast.unlink()
        scene.recover()
    return str(ended.code)


#: What writes a file: the names of those that it makes.
_WRITERS = {
    "run run.toml --output made.h5 --quiet": ["made.h5"],
    "run run.toml --output made.h5 --quiet --log made.log": ["made.h5"],
    "run run.toml --output made.h5 --quiet --trace made-trace.h5 --runs 0:2": ["made.h5", "made-trace.h5"],
    "export result.h5 --output made.csv": ["made.csv"],
    "export result.h5 --output made.nc": ["made.nc"],
    "plot result.h5 --output made.png": ["made.png"],
    "merge part-0.h5 part-1.h5 --output made.h5": ["made.h5"],
    "merge part-0.h5 part-1.h5 --output made.h5 --virtual": ["made.h5"],
    "init made": ["made"],
}


def full(scene: Scene) -> str:
    """Have a command write to a disk that is all but full: what it makes is there whole or not at all."""
    return _write(scene, lambda ballast: _fill(ballast, _PAGE * scene.rng.choice((0, 0, 1, 1, 2, 3, 4, 6, 8))))


def read_only(scene: Scene) -> str:
    """Have a command write to a disk that takes nothing."""
    return _write(scene, lambda ballast: _command("mount", "-o", "remount,ro", ballast.parent))


def refusing(scene: Scene) -> str:
    """Have the system refuse a call that writes, once or from then on."""
    error = scene.rng.choice((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EROFS))
    first, count = scene.rng.randrange(1, 4 * PARTS), scene.rng.choice((1, 1000))
    ended = scene.run(hurt=lambda: _refuse(range(first, first + count), error)).among(0, 5)
    scene.recover()
    return str(ended.code)


def _refuse(which: range, error: int) -> None:
    """Have calls fail, counted from 1."""
    calls: list[str] = []

    def refusing(usual: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(usual.__name__)
            if len(calls) in which:
                raise OSError(error, os.strerror(error))
            return usual(*arguments, **options)

        return call

    for name in ("pwrite", "write", "fsync", "fdatasync", "link", "replace", "ftruncate"):
        setattr(os, name, refusing(getattr(os, name)))


def _write(scene: Scene, hurt: Callable[[Path], object]) -> str:
    command = scene.rng.choice([*_WRITERS])
    with _disk(scene) as ballast:
        scene.run().among(0)
        for index in range(2):
            scene.run("--shard", f"{index}/2", "--output", f"part-{index}.h5").among(0)
        there = scene.left()
        hurt(ballast)
        ended = cubie(scene.folder, *command.split()).among(0, 5)
        made = {name for name in scene.left() - there - {_BALLAST, "made.log"} if _content(scene.folder / name)}
        if made != (set(_WRITERS[command]) if ended.code == 0 else set()):
            raise WrongError(f"{command}: {ended.code} and {made}: {ended.err}")
        if ended.code == 0:
            _command("mount", "-o", "remount,rw", scene.folder)
            ballast.unlink(missing_ok=True)
            for name in made:
                content = _content(scene.folder / name)
                _clear(scene.folder / name)
                cubie(scene.folder, *command.split()).among(0)
                if content != _content(scene.folder / name):
                    raise WrongError(f"{command}: {name} is not whole")
        scene.check()
    return f"{command.split()[0]}: {ended.code}"


def _content(path: Path) -> int:
    """Return how many bytes a file has, or all in a folder: what tells when it was made differs, not its length."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(each.stat().st_size for each in files if each.is_file())


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
