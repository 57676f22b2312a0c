"""Sixteen commands at once in one folder, and on one cache, which may be cold; some of them want the same."""

import os
from collections import Counter
from pathlib import Path

from tests.faults.child import WrongError, begin, end
from tests.faults.scene import RESULT, Scene
from tests.support.numbers import difference, numbers

#: A result that commands read, and how those end that have an output to themselves, or may find it taken.
_THERE = "there.h5"
_ALONE, _SHARED = (0,), (0, 5)
_CROWD = {
    **{f"run run.toml --quiet --output own-{number}.h5": _ALONE for number in range(3)},
    "run run.toml --quiet --set run.chunk=1 --output own-3.h5": _ALONE,
    "run run.toml --quiet": _SHARED,
    "run run.toml --quiet --set run.chunk=3": _SHARED,
    "run run.toml --quiet --force": _SHARED,
    "run run.toml --quiet --resume": _SHARED,
    f"run {_THERE} --quiet --output {RESULT}": _SHARED,
    f"show {_THERE}": _ALONE,
    f"show {RESULT}": (0, 3),
    f"export {_THERE} --output same.csv": _SHARED,
    f"export {_THERE} --output same.csv --force": _SHARED,
    "memory-report run.toml": _ALONE,
    "init same": _SHARED,
    "validate run.toml": _ALONE,
}


def crowds(scene: Scene) -> str:
    """Begin all at once: each is right or ends with one message, results are right, and nothing else is left."""
    return _crowd(scene, Path(os.environ["CUBIE_CACHE_DIR"]))


def crowds_on_a_cache(scene: Scene) -> str:
    """Begin all at once where there is one kernel for them, or none yet."""
    cold = scene.folder.parent / f"cold-{scene.rng.random()}"
    found = _crowd(scene, scene.rng.choice((Path(os.environ["CUBIE_CACHE_DIR"]), cold)))
    return f"{'cold' if cold.exists() else 'warm'}: {found}"


crowds_on_a_cache.target = "cpu"  # type: ignore[attr-defined]


def _crowd(scene: Scene, cache: Path) -> str:
    scene.run("--output", _THERE).among(0)
    commands = scene.rng.sample([*_CROWD], len(_CROWD))

    def choose_cache() -> None:
        os.environ["CUBIE_CACHE_DIR"] = str(cache)

    begun = [(begin(scene.folder, *command.split(), hurt=choose_cache), command) for command in commands]
    codes = {command: end(scene.folder, each, command).among(*_CROWD[command]).code for each, command in begun}
    if 0 not in [code for command, code in codes.items() if command.startswith("run") and "own" not in command]:
        raise WrongError("nobody wrote what several wanted")
    scene.check()
    for number in range(4):
        if name := difference(numbers(scene.folder / f"own-{number}.h5"), scene.expected):
            raise WrongError(f"wrong values: {name}")
    if left := [name for name in scene.left() if name.startswith(".")]:
        raise WrongError(f"left behind: {left}")
    if [path for path in cache.glob("*") if path.suffix not in {".kernel", ".choice"}]:
        raise WrongError(f"left in the cache: {sorted(cache.iterdir())}")
    return " ".join(f"{count} x {code}" for code, count in sorted(Counter(codes.values()).items()))
