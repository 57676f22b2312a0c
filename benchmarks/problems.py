"""What is integrated: models with the parameter that is swept, the span, tolerances and steps."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MODELS = Path(__file__).parents[1] / "configs" / "models"

#: The fast rates are constants here: one parameter is swept, and the others cost nothing.
_ROBERTSON = """
[states]
a = 1.0
b = 0.0
c = 0.0
[parameters]
k1 = 0.04
[constants]
k2 = 3e7
k3 = 1e4
[equations]
a = "-k1*a + k3*b*c"
b = "k1*a - k3*b*c - k2*b**2"
c = "k2*b**2"
"""


@dataclass(frozen=True)
class Problem:
    """A model and a sweep.

    Parameters
    ----------
    name
        As in the names of cases.
    model
        The model file's text.
    sweep
        The swept quantity, its lowest and its highest value.
    t1
        The end; all start at 0.
    atol, dt0
        Absolute tolerance at a relative one of 1e-6, and the first step.
    dt
        The step where steps are fixed.
    stiff
        Whether explicit methods are hopeless.
    """

    name: str
    model: str
    sweep: tuple[str, float, float]
    t1: float
    atol: float
    dt0: float
    dt: float = 1e-3
    stiff: bool = False

    @property
    def tables(self) -> dict[str, Any]:
        """The model's tables."""
        return tomllib.loads(self.model)


def lorenz96(n: int) -> str:
    """Return the Lorenz-96 model with n states."""
    states = "\n".join(f"x{i} = {1 + 0.1 * (i % 7) - 0.05 * (i % 3)}" for i in range(n))
    equations = "\n".join(f'x{i} = "(x{(i + 1) % n} - x{(i - 2) % n})*x{(i - 1) % n} - x{i} + F"' for i in range(n))
    return f"[states]\n{states}\n[parameters]\nF = 8.0\n[equations]\n{equations}\n"


def _file(name: str) -> str:
    return (_MODELS / f"{name}.toml").read_text(encoding="utf-8")


def _problems() -> list[Problem]:
    lorenz = _file("lorenz")
    return [
        Problem("lorenz", lorenz, ("rho", 0.0, 21.0), 1.0, atol=1e-9, dt0=1e-2),
        # Up to 28 and to t = 20 some trajectories are chaotic and need more than twice the steps of others.
        Problem("lorenz to 20", lorenz, ("rho", 0.0, 28.0), 20.0, atol=1e-9, dt0=1e-2),
        *(
            Problem(f"lorenz96 {n}", lorenz96(n), ("F", 7.0, 9.0), 0.2, atol=1e-9, dt0=1e-2)
            for n in (8, 20, 32, 64, 128, 256)
        ),
        Problem("pleiades", _file("pleiades"), ("x1", 2.95, 3.05), 3.0, atol=1e-9, dt0=1e-3),
        Problem("hodgkin_huxley", _file("hodgkin_huxley"), ("current", 0.0, 20.0), 50.0, 1e-6, dt0=1e-2, dt=1e-2),
        Problem("robertson", _ROBERTSON, ("k1", 0.036, 0.044), 1e5, atol=1e-10, dt0=1e-6, stiff=True),
        Problem("van_der_pol", _file("van_der_pol"), ("mu", 900.0, 1100.0), 2000.0, atol=1e-8, dt0=1e-6, stiff=True),
        # The stiffest need fifty times the steps of the others.
        Problem("van_der_pol wide", _file("van_der_pol"), ("mu", 1.0, 1000.0), 2000.0, 1e-8, dt0=1e-6, stiff=True),
        Problem("hires", _file("hires"), ("k_plus", 250.0, 310.0), 321.8122, atol=1e-10, dt0=1e-6, stiff=True),
        Problem("pollution", _file("pollution"), ("k1", 0.3, 0.4), 60.0, atol=1e-10, dt0=1e-6, stiff=True),
    ]


#: All problems by name.
PROBLEMS = {problem.name: problem for problem in _problems()}
