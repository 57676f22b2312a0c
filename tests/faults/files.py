"""Files that are damaged: results, what is left of them, and their journals."""

import shutil
from pathlib import Path
from random import Random

from tests.faults.child import WrongError, cubie
from tests.faults.scene import RESULT, Scene


def _cut(rng: Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def _flip(rng: Random, content: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 8, 64))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _blank(rng: Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    stop = min(len(content), start + rng.choice((8, 512, 4096)))
    content[start:stop] = bytes(stop - start)


def _overwrite(rng: Random, content: bytearray) -> None:
    start = rng.randrange(len(content))
    stop = min(len(content), start + rng.choice((1, 8, 64, 4096)))
    content[start:stop] = rng.randbytes(stop - start)


_WAYS = (_cut, _flip, _blank, _overwrite)


def damage(rng: Random, path: Path) -> str:
    """Damage a file; return how."""
    way, content = rng.choice(_WAYS), bytearray(path.read_bytes())
    way(rng, content)
    path.write_bytes(content)
    return way.__name__.strip("_")


#: What reads a result; `{}` is its name.
_READERS = (
    "show {}",
    "show {} --json --model",
    "export {} --output made.csv",
    "export {} --output made.nc --quantity x",
    "plot {} --output made.png",
    "merge part-0.h5 {} part-2.h5 --output made.h5",
    "merge part-0.h5 {} part-2.h5 --output made.h5 --virtual",
    "run {} --output made.h5 --dry-run",
    "validate {}",
    "run run.toml --shard 1/3 --output {} --resume --quiet",
)


def results(scene: Scene) -> str:
    """Damage the result of a shard, and have a command read it: what is cut is always noticed."""
    for index in range(3):
        scene.run("--shard", f"{index}/3", "--output", f"part-{index}.h5").among(0)
    how = damage(scene.rng, scene.folder / "part-1.h5")
    content = (scene.folder / "part-1.h5").read_bytes()
    command = scene.rng.choice(_READERS).format("part-1.h5")
    ended = cubie(scene.folder, *command.split()).among(0, 3, 4, 5)
    made = [*scene.folder.glob("made.*")]
    if how == "cut" and ended.code == 0:
        raise WrongError(f"{command}: a file that was cut is taken for whole")
    if ended.code in {3, 5} and made:
        raise WrongError(f"{command}: a refusal left {made}")
    if (scene.folder / "part-1.h5").read_bytes() != content:
        raise WrongError(f"{command}: what was read has changed")
    return f"{how}: {ended.code}"


def journals(scene: Scene) -> str:
    """Damage the journal of a batch that was killed; what it says is not believed, and the result is right."""
    scene.solve_part()
    how = damage(scene.rng, scene.folder / f".{RESULT}.journal")
    ended = scene.run("--resume").among(0, 5)
    scene.recover()
    return f"{how}: {ended.code}"


def parts(scene: Scene) -> str:
    """Cut what is left of a batch that was killed, or damage how its file begins."""
    scene.solve_part()
    (part,) = scene.folder.glob(".*.part")
    how, size = "cut", part.stat().st_size
    if scene.rng.random() < 0.5:
        with part.open("r+b") as file:
            file.truncate(scene.rng.randrange(size))
    else:
        begin = part.with_name("begin")
        shutil.copy(part, begin)
        with begin.open("r+b") as file:
            file.truncate(512)
        how = damage(scene.rng, begin)
        with part.open("r+b") as file:
            file.write(begin.read_bytes().ljust(512, b"\0"))
        begin.unlink()
    ended = scene.run("--resume").among(0, 5)
    scene.recover()
    return f"{how}: {ended.code}"
