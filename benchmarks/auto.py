"""The work of the method that `auto` chooses, over that of the best of some that are named.

    python -m benchmarks.auto [--only NAME ...] [--record FILE] [--cases FILE]

Work is counted as `auto` counts it: attempts times the operations of one, for runs that are spread over a batch, with
no clock. Few attempts of one run are made in the interpreter, which takes the same steps as compiled code. A method
whose result is not that of a tighter tolerance counts as one that failed. `--record` takes a line for each model, and
what is there already is not measured again.
"""

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cubie_cli.configurations.job import Job, load, with_algorithm
from cubie_cli.documents.messages import UserError
from cubie_cli.imports.publishing import Destinations, configuration_text, written_model
from cubie_cli.imports.reading import read_imported, read_source
from cubie_cli.kernels.choice import Candidate, Choice, limited, race, runs_tried, work_of_an_attempt
from cubie_cli.kernels.doubts import Share
from cubie_cli.kernels.job_kernel import find_kernel, make_plan
from solvers.execution import engine
from solvers.execution.python.engine import PythonSolver
from solvers.planning.exchange import Solution
from solvers.targets.python import PythonTarget

ROOT = Path(__file__).parents[1]
METHODS = ("tsit5", "vern7", "vern8", "rosenbrock23", "rodas4", "rodas5p", "kvaerno5")
#: What counts as near the best.
NEAR = 1.3
#: Attempts that are allowed at first, and those up to which compiling would take longer than the interpreter.
_FIRST, _INTERPRETED = 64, 512
#: Imports that are taken; each is a model of another kind.
IMPORTS = (
    *("amounts.xml", "boundary.xml", "compartments.xml", "conversion_factors.xml", "events.xml", "functions.xml"),
    *("growing.xml", "hill.xml", "initial.xml", "local_parameters.xml", "mass_action.xml", "michaelis_menten.xml"),
    *("piecewise.xml", "rules.xml", "stoichiometries.xml", "beating.cellml", "decay.cellml", "gates.cellml"),
    *("hodgkin_huxley.cellml", "pulse.ode", "ring.ode", "spiking.ode"),
)
#: States beyond which compiling takes less time than the interpreter in any case.
_MANY_STATES = 30


@dataclass(frozen=True)
class Entry:
    """A model, and what methods took for it.

    Parameters
    ----------
    group, name
        Which.
    rtol
        Its relative tolerance.
    chosen, best
        What `auto` takes, and the method of least work.
    ratio
        The work of the one over that of the other; None where the one fails.
    trials
        What each method took.
    """

    group: str
    name: str
    rtol: float
    chosen: str
    best: str
    ratio: float | None
    trials: tuple[Mapping[str, Any], ...]


# -- models -------------------------------------------------------------------------------------


def models(cases: Path) -> Iterator[tuple[str, str, str]]:
    """Yield groups, names, and the texts of run configurations, whose paths are relative to the gallery's folder."""
    for case in json.loads(cases.read_text(encoding="utf-8"))["cases"]:
        yield "reference cases", case["name"], of_case(case)
    for name in IMPORTS:
        yield "imports", name, of_import(ROOT / "tests/data/imports" / name)
    for path in sorted((ROOT / "configs").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        yield "gallery", path.stem, re.sub(r"(?m)^(dt|algorithm) *=.*$", "", text)


def of_case(case: Mapping[str, Any]) -> str:
    """Return a run configuration that has a reference case in it."""
    tables = {
        "model.states": dict(zip(case["states"], case["y0"], strict=True)),
        "model.parameters": case["params"],
        "model.observables": dict(case["aux"]),
        "model.equations": case["equations"],
        "solve": {"t0": case["t0"], "t1": case["t_end"], "rtol": 1e-6},
    }
    lines = [line for title, table in tables.items() for line in ("", f"[{title}]", *_entries(table))]
    return "\n".join(lines)


def _entries(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]


def of_import(path: Path) -> str:
    """Return a run configuration that has an imported model in it."""
    source = read_source(path)
    model = read_imported(source)
    to = Destinations(Path("model.toml"), Path("run.toml"))
    run = re.sub(r"(?m)^(\[model\]|(dt|algorithm|file|save_every) *=.*)$", "", configuration_text(model, to))
    text = re.sub(r"(?m)^(\[+)(?=[a-z])", r"\1model.", written_model(model, source, "0"))
    return f"{run}\n[model]\n{text}"


# -- measuring ----------------------------------------------------------------------------------


def measure(group: str, name: str, path: Path) -> Entry:
    """Return what methods take for a run configuration."""
    job = load(path, ["solve.algorithm=auto"])
    open_to = job.candidates
    found = {each: _candidate(with_algorithm(job, each)) for each in dict.fromkeys([*open_to, *METHODS])}
    choice = race([found[each] for each in open_to], _FIRST)
    all_of_them = race(list(found.values()), _FIRST)
    trials = all_of_them.trials
    chosen, best = choice.trials[0], trials[0]
    ratio = chosen.total / best.total if _wrong(choice) <= _wrong(all_of_them) else None
    rtol = job.configuration.solve.rtol
    return Entry(group, name, rtol, choice.algorithm, best.algorithm, ratio, tuple(asdict(each) for each in trials))


def _wrong(choice: Choice) -> int:
    """Return how many runs fail, or come out wrong, with what is chosen."""
    best = choice.trials[0]
    return best.failed + best.doubtful + choice.hopeless + (not best.complete)


def _candidate(job: Job) -> Candidate:
    values = runs_tried(job)
    much = values.shape[1] > 1 or len(job.model.quantities.states) > _MANY_STATES
    known: dict[Share, tuple[int, bool, Solution]] = {}

    def solve(attempts: int, share: Share) -> Solution:
        allowed, ended, solution = known.get(share, (0, False, None))
        if solution is None or not (ended or allowed >= attempts):
            solution = _solved(limited(job, attempts, share), values, compiled=much or attempts > _INTERPRETED)
            known[share] = attempts, bool((solution.status != 1).all()), solution
        return solution

    solving, saved = job.configuration.solve, job.configuration.save.states
    states, atol = [job.model.quantities.states[index] for index in saved], [solving.atol[index] for index in saved]
    work = work_of_an_attempt(job, values[:, :1])
    return Candidate(solving.algorithm, work, solving.max_steps, solve, states, solving.rtol, atol)


def _solved(job: Job, values: np.ndarray, *, compiled: bool) -> Solution:
    if not compiled:
        return PythonSolver(make_plan(job, "python"), PythonTarget()).solve(values)
    kernel = find_kernel(job, "cpu").compiled()
    with closing(engine.load(kernel, job.exchange, 1)) as solver:
        return solver.solve(values)


# -- telling ------------------------------------------------------------------------------------


def table(entries: Iterable[Entry]) -> str:
    """Return the table of all models, and how many are within 1.3 times the least work."""
    rows = ["| | model | rtol | `auto` takes | work over the best's | the best, where it is another |"]
    rows.append("|---" * 6 + "|")
    told = list(entries)
    for before, each in zip([None, *told], told, strict=False):
        group = each.group if before is None or each.group != before.group else ""
        ratio = "fails" if each.ratio is None else f"{each.ratio:.2f}"
        best = "" if each.best == each.chosen else f"`{each.best}`"
        rows.append(f"| {group} | {each.name} | {each.rtol:.0e} | `{each.chosen}` | {ratio} | {best} |")
    near = sum(each.ratio is not None and each.ratio <= NEAR for each in told)
    return "\n".join([*rows, "", f"{near} of {len(told)} are within {NEAR:g} times the work of the best."])


def _measured(group: str, name: str, text: str) -> Entry | None:
    """Return what is measured of a run configuration; None, and a line why, where that is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "configs", folder, dirs_exist_ok=True)
        path = Path(folder) / "measured.toml"
        path.write_text(text, encoding="utf-8")
        try:
            entry = measure(group, name, path)
        except UserError as error:
            print(f"{name} is left out: {error.message}", flush=True)
            return None
    print(f"{name}: {entry.chosen} {entry.best} {entry.ratio}", flush=True)
    return entry


def _recorded(path: Path | None) -> dict[tuple[str, str], Entry]:
    if path is None or not path.exists():
        return {}
    entries = [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(each.group, each.name): each for each in entries}


def main() -> None:
    """Measure all models, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--cases", type=Path, default=ROOT / "tests/data/cases.json")
    options = parser.parse_args()
    known = _recorded(options.record)
    for group, name, text in models(options.cases):
        if (group, name) in known or (options.only and name not in options.only):
            continue
        entry = _measured(group, name, text)
        if entry is not None:
            known[group, name] = entry
            if options.record:
                with options.record.open("a", encoding="utf-8") as file:
                    file.write(f"{json.dumps(asdict(entry))}\n")
    print(table(known.values()))


if __name__ == "__main__":
    main()
