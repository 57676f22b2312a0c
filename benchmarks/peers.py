"""Other solvers that pip installs, on one core, at equal error: SciPy's LSODA, SUNDIALS' CVODE, and heyoka.

Each program solves the same problem at several tolerances. Its error is measured against a tight reference, and its
time is read where the error is the one wanted. Right-hand sides and Jacobians that are called from Python are compiled.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.cases import STIFF_METHODS, Case
from benchmarks.equal_error import Curve, Point, errors, time_at
from benchmarks.equations import equations
from benchmarks.peer_programs import Cvode, Heyoka, Lsoda, Ours, Peer, reference
from benchmarks.problems import PROBLEMS
from benchmarks.table import Row

SECTION = "peers"
NAMES = ("lorenz", "robertson", "van_der_pol", "hires", "pollution")
ERROR = 1e-6
_NONSTIFF_METHODS = ("tsit5", "dop853", "vern7", "vern9")
_TOLERANCES = [10.0**-exponent for exponent in (3, 4, 5, 6, 7, 8, 9, 10)]


def _optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def programs(case: Case) -> list[Peer]:
    """Return what can solve a case here."""
    system = equations(case)
    methods = STIFF_METHODS if case.problem.stiff else _NONSTIFF_METHODS
    found: list[Peer] = [Ours(replace(case, algorithm=method)) for method in methods]
    if (integrate := _optional("scipy.integrate")) is not None:
        found.append(Lsoda(integrate, case, system))
    if (cvode := _optional("sksundae.cvode")) is not None:
        found.append(Cvode(cvode, case, system))
    if (heyoka := _optional("heyoka")) is not None and not case.problem.stiff:
        found += [Heyoka(heyoka, case, system, lanes) for lanes in (8, 16, 32)]
    return found


def measure(wanted: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each program and each problem among the wanted names."""
    integrate = _optional("scipy.integrate")
    for name in wanted:
        if integrate is None:
            yield Row(SECTION, name, {}, notes=["SciPy is not there to make the reference"])
            continue
        case = Case("peers", PROBLEMS[name], "radau_iia_5", 1, plain=True)
        exact = reference(integrate, case, equations(case))
        curves = {peer.name: _curve(peer, exact) for peer in programs(case)}
        at_error = {peer: time_at(curve, ERROR) for peer, curve in curves.items()}
        best = min(time for peer, time in at_error.items() if peer.startswith("cubie"))
        for peer, curve in curves.items():
            figures: dict[str, Any] = {f"us/run at {ERROR:g}": at_error[peer], "of cubie's best": at_error[peer] / best}
            calls = next((point.calls for point in curve if point.error <= ERROR), 0.0)
            figures |= {"Python calls/run": round(calls) or ""}
            details = {"points": [point._asdict() for point in curve], "error": ERROR}
            yield Row(SECTION, f"{name} {peer}", figures, details)


def _curve(peer: Peer, exact: np.ndarray) -> Curve:
    """Return points from loose to tight, up to the first that is ten times better than what is wanted."""
    curve: Curve = []
    for rtol in _TOLERANCES:
        solved = peer.solve(rtol)
        curve.append(Point(rtol, float(errors(solved.states, exact).max()), 1e6 * solved.seconds, solved.calls))
        if curve[-1].error < ERROR / 10:
            break
    return curve
