"""A folder with a small batch in it, in which something goes wrong; and what must be there afterwards."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.child import Ended, WrongError, cubie
from tests.support.numbers import difference, numbers

MODEL = """\
[states]
x = 1.0
y = 2.0
[parameters]
rate = 0.5
[equations]
x = "-rate*x"
y = "x - y"
"""
CONFIGURATION = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "euler"
dt = 0.5
[batch.values]
rate = { linspace = [0.5, 2.0, 8] }
x = [1.0, 2.0, 3.0]
[output]
file = "result.h5"
save_every = 0.5
[run]
target = "python"
"""
#: Options with which the 24 runs of the batch are written in twelve parts.
CHUNKS = ("--set", "run.chunk=2", "--quiet")
PARTS = 12
RESULT = "result.h5"
_INPUTS = {"model.toml", "run.toml"}
_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
#: Commands that load what others import.
_LOADING = (
    "run run.toml --quiet",
    "show result.h5",
    "export result.h5 --output made.csv",
    "plot result.h5 --output made.png",
)


class Scene:
    """A batch, what it comes to, and chance.

    Parameters
    ----------
    folder
        Where it lies.
    rng
        Decides what happens.
    expected
        The numbers of its result.
    """

    def __init__(self, folder: Path, rng: Random, expected: dict[str, Any]) -> None:
        self.folder, self.rng, self.expected = folder, rng, expected

    @property
    def result(self) -> Path:
        """The file of the result."""
        return self.folder / RESULT

    def run(self, *options: object, hurt: Callable[[], object] = lambda: None) -> Ended:
        """Solve the batch, chunk by chunk."""
        return cubie(self.folder, "run", "run.toml", *CHUNKS, *options, hurt=hurt)

    def left(self) -> set[str]:
        """Return the names of files beside those of the batch."""
        return {path.name for path in self.folder.iterdir()} - _INPUTS

    def check(self) -> None:
        """Check that there is no result, or the right one.

        Raises
        ------
        WrongError
            There is a wrong one.
        """
        if self.result.exists() and (name := difference(numbers(self.result), self.expected)):
            raise WrongError(f"wrong values: {name}")

    def recover(self, *options: str) -> None:
        """Check that the batch can be gone on with, and comes to what it should, with nothing else left.

        Parameters
        ----------
        options
            In place of `--resume`.

        Raises
        ------
        WrongError
            It does not.
        """
        self.check()
        if self.run(*(options or ["--resume"])).among(0, 5).code == 5:
            self.run("--force").among(0)
        self.check()
        if (left := self.left()) != {RESULT}:
            raise WrongError(f"left behind: {sorted(left)}")

    def solve_part(self) -> None:
        """Solve some of the runs, until the process is killed."""
        from cubie_cli.results.result_file import ResultFile  # noqa: PLC0415 - only some faults need it

        at = self.rng.randrange(1, PARTS)
        self.run(hurt=lambda: after(ResultFile, "write", at, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        if not self.left():
            raise WrongError("nothing is kept")


def after(owner: Any, name: str, times: int, act: Callable[[], object]) -> None:
    """Have something happen once a function has been called so many times."""
    usual, calls = getattr(owner, name), []

    def watched(*arguments: Any, **options: Any) -> Any:
        found = usual(*arguments, **options)
        calls.append(name)
        if len(calls) == times:
            act()
        return found

    setattr(owner, name, watched)


def before(owner: Any, name: str, times: int, act: Callable[[], object]) -> None:
    """Have something happen before a function is called for the so-manieth time, and each time from then on."""
    usual, calls = getattr(owner, name), []

    def watched(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) >= times:
            act()
        return usual(*arguments, **options)

    setattr(owner, name, watched)


def load_commands(folder: Path) -> None:
    """Have what commands import loaded in this process, so that those that begin as its copies need not."""
    from cubie_cli import main  # noqa: PLC0415 - after the folder of the cache is chosen

    before, handlers = Path.cwd(), {number: signal.getsignal(number) for number in _HEARD}
    os.chdir(folder)
    try:
        for line in _LOADING:
            sys.argv = ["cubie", *line.split()]
            with suppress(SystemExit), redirect_stdout(StringIO()):
                main.main()
    finally:
        os.chdir(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


class Scenes:
    """Makes a fresh scene for each fault; a context manager that leaves nothing.

    Parameters
    ----------
    kind
        Part of what chance hangs on.
    """

    def __init__(self, kind: str, target: str = "python") -> None:
        self._kind, self._target = kind, target
        self._folder = Path(tempfile.mkdtemp(prefix="cubie-faults-"))
        os.environ["CUBIE_CACHE_DIR"] = str(self._folder / "cache")
        usual = self._folder / "usual"
        self._write_batch(usual)
        load_commands(usual)
        self._expected = numbers(usual / RESULT)

    def _write_batch(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "model.toml").write_text(MODEL)
        (folder / "run.toml").write_text(CONFIGURATION.replace('"python"', f'"{self._target}"'))

    @contextmanager
    def scene(self, seed: int, number: int) -> Iterator[Scene]:
        """Yield a scene that chance made from a seed and a number."""
        folder = self._folder / "scene"
        self._write_batch(folder)
        try:
            yield Scene(folder, Random(f"{self._kind}:{seed}:{number}"), self._expected)  # noqa: S311 - to be repeated
        finally:
            shutil.rmtree(folder)

    def close(self) -> None:
        """Remove all."""
        shutil.rmtree(self._folder)
