"""How problems are integrated in each measurement: method, precision, steps, saved times, and order of the sweep."""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.problems import PROBLEMS, Problem

LARGE, MIDDLE, SMALL = 2**20, 2**18, 2**11
STIFF_METHODS = ("rodas4", "rodas5p", "kvaerno5", "radau_iia_5")
#: What a CPU is given of the runs of a GPU.
_CPU_SHARE = {
    "explicit": 1 / 16,
    "many states": 1 / 64,
    "saving": 1 / 16,
    "stiff": 1 / 64,
    "divergence": 1 / 64,
    "small": 1.0,
    "models": 1 / 64,
}


@dataclass(frozen=True)
class Case:
    """A problem and how it is integrated.

    Parameters
    ----------
    group, problem, algorithm
        What it is about.
    runs
        Runs on a GPU.
    precision, fixed
        float64 or float32, and whether all steps are equal.
    rtol
        Relative tolerance; the absolute one follows it.
    saves
        Number of times saved; 0: the state at the end.
    shuffled
        Whether neighbours in the sweep are strangers in the batch.
    plain
        Whether the first step and the controller are left to the method.
    """

    group: str
    problem: Problem
    algorithm: str
    runs: int
    precision: str = "float64"
    fixed: bool = False
    rtol: float = 1e-6
    saves: int = 0
    shuffled: bool = False
    plain: bool = False

    @property
    def name(self) -> str:
        """What options and tables call it."""
        parts = [self.group, self.problem.name, self.algorithm, "fixed" if self.fixed else "adaptive", self.precision]
        parts += ["shuffled"] if self.shuffled else []
        return " ".join(parts)

    @property
    def atol(self) -> float:
        """Absolute tolerance."""
        return self.problem.atol * self.rtol / 1e-6

    def on(self, target: str, scale: float = 1.0) -> "Case":
        """Return the case with as many runs as suit a target."""
        share = 1.0 if target == "cuda" else _CPU_SHARE[self.group]
        return replace(self, runs=max(1, round(self.runs * share * scale)))

    def solve(self) -> str:
        """Return the lines of `[solve]`."""
        problem = self.problem
        lines = [f't1 = {problem.t1}\nalgorithm = "{self.algorithm}"\nprecision = "{self.precision}"']
        if self.fixed:
            lines.append(f"dt = {problem.dt}")
        else:
            lines.append(f"rtol = {self.rtol}\natol = {self.atol}")
            lines += [] if self.plain else [f"dt0 = {problem.dt0}"]
            # The yardsticks for stiff problems have this controller.
            lines += ['controller = { kind = "i", max_factor = 6.0 }'] if problem.stiff and not self.plain else []
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Write model and run configuration into a folder, and return the latter."""
        name, low, high = self.problem.sweep
        every = f"save_every = {self.problem.t1 / self.saves}\n" if self.saves else ""
        text = (
            f'[model]\nfile = "model.toml"\n[solve]\n{self.solve()}\n[batch.values]\n'
            f"{name} = {{ linspace = [{low}, {high}, {self.runs}] }}\n"
            f'[output]\nfile = "result.h5"\n{every}'
        )
        (folder / "model.toml").write_text(self.problem.model, encoding="utf-8")
        path = folder / "run.toml"
        path.write_text(text, encoding="utf-8")
        return path


#: States, and the precision, of which several threads share a run on a GPU.
_MANY = tuple((n, precision) for n in (128, 256) for precision in ("float32", "float64"))


def _explicit() -> list[Case]:
    both = ("float32", "float64")
    lorenz = PROBLEMS["lorenz"]
    large = [PROBLEMS[f"lorenz96 {n}"] for n in (8, 20, 32, 64, 128)]
    others = [PROBLEMS[name] for name in ("pleiades", "hodgkin_huxley")]
    return [
        *(Case("explicit", lorenz, "tsit5", LARGE, p, fixed) for fixed in (True, False) for p in both),
        *(Case("explicit", problem, "tsit5", MIDDLE, "float32", fixed=True) for problem in large),
        *(Case("explicit", problem, "tsit5", MIDDLE, "float64", fixed=True) for problem in large[:4]),
        Case("explicit", large[1], "tsit5", MIDDLE, "float32"),
        *(Case("explicit", problem, "tsit5", MIDDLE // 4, p) for problem in others for p in both),
    ]


def _cases() -> list[Case]:
    lorenz, long = PROBLEMS["lorenz"], PROBLEMS["lorenz to 20"]
    stiff = [problem for problem in PROBLEMS.values() if problem.stiff and problem.name != "van_der_pol wide"]
    oscillator = PROBLEMS["van_der_pol wide"]
    return [
        *_explicit(),
        Case("saving", lorenz, "tsit5", MIDDLE, "float32", saves=100),
        Case("saving", lorenz, "tsit5", MIDDLE, "float64", saves=100),
        *(Case("small", lorenz, "tsit5", SMALL, "float32", fixed) for fixed in (True, False)),
        Case("small", lorenz, "tsit5", SMALL, "float64"),
        *(
            Case("stiff", problem, method, LARGE if len(problem.tables["states"]) < 4 else MIDDLE)
            for problem in stiff
            for method in STIFF_METHODS
        ),
        *(Case("many states", PROBLEMS[f"lorenz96 {n}"], "tsit5", MIDDLE // 2, p, fixed=True) for n, p in _MANY),
        *(Case("divergence", long, "tsit5", LARGE, "float32", shuffled=order) for order in (False, True)),
        *(Case("divergence", oscillator, "rodas5p", MIDDLE, shuffled=order) for order in (False, True)),
    ]


#: All cases by name.
CASES = {case.name: case for case in _cases()}
