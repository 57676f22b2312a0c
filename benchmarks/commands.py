"""Whole commands: from the shell's call to a closed file, and back.

Programs find the bytecode of what they import, as an installed program does: some machines are told to keep none.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.cubie_yardstick import Cubie017, request
from benchmarks.table import Row, attempted

SECTION = "commands"
NAMES = ("run, no cached kernel", "run, cached kernel", "help")
_LAUNCHER = Path(__file__).with_name("child.py")
_CASE = "explicit lorenz tsit5 adaptive float32"
_REPEAT = {"run, no cached kernel": 3, "run, cached kernel": 5, "help": 9}
_CACHE = "CUBIE_CACHE_DIR"


def _with_bytecode(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return an environment in which Python keeps bytecode in a folder."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": folder}


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a command's seconds and peak memory, and the last line that it prints where that is JSON.

    Raises
    ------
    RuntimeError
        Where it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        launch = [sys.executable, "-I", str(_LAUNCHER), str(report), *command]
        done = subprocess.run(launch, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"code": done.returncode}
    if found.pop("code"):
        raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-500:]}")
    lines = done.stdout.splitlines()
    return found | (json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {})


def measure(wanted: Sequence[str], target: str, scale: float, cubie: Cubie017 | None) -> Iterator[Row]:
    """Yield rows for the commands among the wanted names, beside cubie 0.17's where it is given."""
    for name in wanted:
        if name == "help":
            yield attempted(SECTION, name, _help)
        else:
            yield attempted(SECTION, name, partial(_runs, name, CASES[_CASE].on(target, scale), target, cubie))


def _medians(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def _help() -> Row:
    """Time `cubie --help` in turn with the import of the library that prints it."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        environment = _with_bytecode(os.environ, folder)
        for _ in range(_REPEAT["help"] + 1):
            ours.append(timed([sys.executable, "-m", "cubie_cli", "--help"], environment))
            theirs.append(timed([sys.executable, "-c", "import typer"], environment))
    # The first of each makes the bytecode.
    figures = _medians(ours[1:])
    library = _medians(theirs[1:])["wall_s"]
    figures |= {"import typer, s": library, "ratio": figures["wall_s"] / library}
    return Row(SECTION, "help", figures, {"ours": ours, "import typer": theirs})


def _runs(name: str, case: Case, target: str, cubie: Cubie017 | None) -> Row:
    """Time `cubie run`, in turn with cubie 0.17 where it is given."""
    cold = name != "run, cached kernel"
    notes: list[str] = []
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        asks = [(ours, _ours(case, target, folder))]
        if cubie and target == cubie.target:
            asks.append((theirs, _theirs(case, cubie, folder)))
        caches = [tempfile.mkdtemp(dir=folder) for _ in asks]
        for _ in range(_REPEAT[name] + 1):
            for (found, ask), cache in zip(asks, caches, strict=True):
                try:
                    found.append(_flat(ask(tempfile.mkdtemp(dir=folder) if cold else cache)))
                except RuntimeError as error:
                    if found is ours:
                        raise
                    notes.append(f"cubie 0.17: {error}")
    # The first makes the bytecode, and the kernel where that is kept.
    figures = _medians(ours[1:])
    if len(theirs) > 1:
        other = _medians(theirs[1:])
        figures |= {f"0.17 {key}": other[key] for key in other} | {"ratio": other["wall_s"] / figures["wall_s"]}
    details = {"runs": case.runs, "case": case.name, "ours": ours, "cubie 0.17": theirs}
    return Row(SECTION, name, figures, details, notes)


def _ours(case: Case, target: str, folder: Path) -> Callable[[str], dict[str, Any]]:
    """Return what runs the command with a cache."""
    config = case.write(folder)
    command = [sys.executable, "-m", "cubie_cli", "run", str(config), "--target", target]
    command += ["--force", "--quiet", "--json"]
    environment = _with_bytecode(os.environ, str(folder / "bytecode"))
    return lambda cache: timed(command, environment | {_CACHE: cache})


def _theirs(case: Case, cubie: Cubie017, folder: Path) -> Callable[[str], dict[str, Any]]:
    """Return what runs the same work with cubie 0.17 and a cache."""
    asked = folder / "request.json"
    asked.write_text(json.dumps(request(case, output=folder / "theirs.h5")), encoding="utf-8")
    environment = _with_bytecode(cubie.environment, str(folder / "their bytecode"))
    return lambda cache: timed([*cubie.command, str(asked)], environment | {_CACHE: cache})


def _flat(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the outer seconds and memory, and the command's own account."""
    return {key: found[key] for key in ("wall_s", "peak_MiB")} | dict(found.get("seconds", {}))
