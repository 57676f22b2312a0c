"""How the models of `benchmarks.models` are integrated beside cubie 0.17."""

from benchmarks.cases import Case
from benchmarks.models import MODELS

_PRECISIONS = ("float32", "float64")
_RTOL = {"float32": 1e-5, "float64": 1e-6}


def _case(name: str, method: str, runs: int, precision: str) -> Case:
    return Case("models", MODELS[name], method, runs, precision, rtol=_RTOL[precision], plain=True)


def _cases() -> list[Case]:
    explicit = {"nerve_cells 3": 2**17, "cascade 28": 2**17, "roessler": 2**20, "oscillators 12": 2**18}
    explicit |= {"oscillators 24": 2**16}
    implicit = {"nerve_cells 3": 2**15, "cascade 28": 2**15, "brusselator 50": 2**14, "network 53": 2**14}
    cases = [_case(name, "tsit5", runs, each) for name, runs in explicit.items() for each in _PRECISIONS]
    return cases + [_case(name, "rodas5p", runs, "float64") for name, runs in implicit.items()]


#: The cases by name.
CASES = {case.name: case for case in _cases()}
