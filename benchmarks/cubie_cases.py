"""The cases of cubie 0.17's own benchmark: its problems, sweeps, tolerances and methods, in both precisions.

Its own programs are `bench_cubie.py` (Lorenz, Van der Pol, Robertson) and `bench_mid.py` (Lorenz-96, HIRES, pollution).
"""

from dataclasses import replace

from benchmarks.cases import LARGE, MIDDLE, Case
from benchmarks.problems import PROBLEMS, Problem

_FEW = 2**16
_PRECISIONS = ("float32", "float64")
_ONE_EQUATION = ("rosenbrock23", "rodas3p", "rodas4", "rodas5p", "kvaerno3", "kvaerno5", "radau_iia_5")
_CHEMISTRY = ("rodas4", "rodas5p", "kvaerno5", "radau_iia_5")


def _hires() -> Problem:
    """Return HIRES with the rate that is swept there."""
    hires = PROBLEMS["hires"]
    model = hires.model.replace("1.71*y1", "k1*y1").replace("[parameters]", "[parameters]\nk1 = 1.71")
    return replace(hires, model=model, sweep=("k1", 1.5, 1.9), dt0=1e-4)


def _problems() -> tuple[list[Problem], list[Problem]]:
    """Return the problems for explicit and for stiff methods."""
    lorenz = replace(PROBLEMS["lorenz"], atol=1e-6)
    larger = [replace(PROBLEMS[f"lorenz96 {n}"], atol=1e-6, dt0=1e-3) for n in (20, 32, 64)]
    stiff = [
        replace(PROBLEMS["van_der_pol"], t1=1000.0, atol=1e-6, dt0=1e-4),
        replace(PROBLEMS["robertson"], sweep=("k1", 0.03, 0.05), atol=1e-9),
        _hires(),
        PROBLEMS["pollution"],
    ]
    return [lorenz, *larger], stiff


def _cases() -> list[Case]:
    (lorenz, *larger), stiff = _problems()
    cases = [
        Case("explicit", lorenz, method, LARGE, precision, fixed=fixed, plain=True)
        for fixed, methods in (
            (True, ("tsit5", "dormand_prince54", "rk4")),
            (False, ("tsit5", "dormand_prince54", "vern7")),
        )
        for method in methods
        for precision in _PRECISIONS
    ]
    cases += [
        Case("explicit", problem, "tsit5", MIDDLE, precision, fixed, _rtol(precision), plain=True)
        for problem in larger
        for fixed in (True, False)
        for precision in _PRECISIONS
    ]
    for problem in stiff:
        small = len(problem.tables["states"]) < 4
        methods, runs = (_ONE_EQUATION, LARGE) if small else (_CHEMISTRY, _FEW)
        cases += [
            Case("stiff", problem, method, runs, precision, rtol=_rtol(precision), plain=True)
            for method in methods
            for precision in _PRECISIONS
        ]
    return cases


def _rtol(precision: str) -> float:
    return 1e-5 if precision == "float32" else 1e-6


#: The cases by name.
CASES = {case.name: case for case in _cases()}
