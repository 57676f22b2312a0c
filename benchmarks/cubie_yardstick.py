"""Cubie 0.17 as a yardstick: what it is asked, and the process that answers."""

import json
import os
import re
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cases import Case
from benchmarks.yardsticks import YardstickError

#: How often a case is timed.
_REPEAT = 9
_PROGRAM = Path(__file__).with_name("cubie_017.py")
#: Seconds that it may take to compile and time a case.
_TIMEOUT = 120.0
#: Its names of methods, where they are others.
_METHODS = {"dormand_prince54": "rk45", "rk4": "classical-rk4"}


def request(case: Case, sample: int = 0, output: Path | None = None) -> dict[str, Any]:
    """Return a case in the words of that program.

    Parameters
    ----------
    case
        What is integrated.
    sample
        Of so many runs, spread over the sweep, it answers with the last states.
    output
        Where a whole command writes.
    """
    tables = case.problem.tables
    derivatives = {f"d{name}": text for name, text in tables["equations"].items()}
    sweep, low, high = case.problem.sweep
    settings: dict[str, Any] = {"step_controller": "fixed", "dt": case.problem.dt}
    if not case.fixed:
        # Its own limits of the step, 1e-6 and 1, would end stiff problems.
        limits = {"dt_min": min(1e-9, 1e-8 * case.problem.dt0), "dt_max": case.problem.t1}
        settings = {"rtol": case.rtol, "atol": case.atol, "dt": case.problem.dt0, **limits}
    return {
        "name": re.sub(r"\W", "_", f"{case.problem.name}_{case.precision}"),
        "equations": [f"{name} = {text}" for name, text in {**_used_observables(tables), **derivatives}.items()],
        "states": tables["states"],
        "parameters": tables.get("parameters", {}) | tables.get("constants", {}),
        "sweep": sweep,
        "range": [low, high, case.runs],
        "shuffled": case.shuffled,
        "precision": case.precision,
        "algorithm": _METHODS.get(case.algorithm, case.algorithm),
        "settings": settings,
        "duration": case.problem.t1,
        "sample": sample,
        "output": str(output) if output else None,
    }


def _used_observables(tables: dict[str, Any]) -> dict[str, str]:
    """Return the observables that equations use, directly or not."""
    observables = tables.get("observables", {})
    used: set[str] = set()
    waiting = list(tables["equations"].values())
    while waiting:
        new = (set(re.findall(r"[A-Za-z_]\w*", waiting.pop())) & observables.keys()) - used
        used |= new
        waiting += [observables[name] for name in new]
    return {name: text for name, text in observables.items() if name in used}


class Solved017(NamedTuple):
    """What that program did.

    Parameters
    ----------
    ms
        Milliseconds of its kernel.
    failed
        Runs that failed.
    states
        The last states of the sampled runs, (states, runs), in the model's order; NaN where a run failed.
    """

    ms: float
    failed: int
    states: np.ndarray


class Cubie017:
    """A process that times cases with cubie 0.17.

    Parameters
    ----------
    site
        The folder of its packages; None: they are importable as it is.
    python
        An interpreter that can import it; None: this one.
    """

    name = "cubie-0.17"
    target = "cuda"

    def __init__(self, site: Path | None, python: str | None = None) -> None:
        paths = [str(site.resolve())] if site else []
        paths += [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        #: How the program is started, and with what environment.
        self.command = [python or sys.executable, "-P", str(_PROGRAM)]
        self.environment = os.environ | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
        self._cache = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None

    def can(self, case: Case) -> bool:
        """Return whether it can do a case."""
        return not case.saves

    def time(self, case: Case) -> float:
        """Return the milliseconds of its kernel.

        Raises
        ------
        YardstickError
            Where it fails, or takes too long to compile.
        """
        return self.solve(case).ms

    def solve(self, case: Case, sample: int = 0, repeat: int = _REPEAT) -> Solved017:
        """Return what it made of a case, solved so often, with the states of so many runs.

        Raises
        ------
        YardstickError
            Where it fails, or takes too long to compile.
        """
        try:
            answer = self._ask(json.dumps(request(case, sample) | {"repeat": repeat}))
        except (OSError, ValueError) as error:
            self.close()
            raise YardstickError(f"cubie 0.17 has ended: {error}") from error
        if "error" in answer:
            raise YardstickError(" ".join(answer["error"].split())[:200])
        return Solved017(float(answer["ms"]), int(answer["failed"]), np.array(answer.get("states", [])))

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, line: str) -> dict[str, Any]:
        process = self._process = self._process or subprocess.Popen(  # noqa: S603 - the user named it
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment | {"CUBIE_CACHE_DIR": self._cache.name},
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - they are pipes
        process.stdin.write(line + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], _TIMEOUT)[0]:
            raise TimeoutError(f"no answer in {_TIMEOUT:g} s")
        return dict(json.loads(process.stdout.readline()))
