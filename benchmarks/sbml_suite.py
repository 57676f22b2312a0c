"""Imports the semantic cases of the SBML test suite, solves them, and counts those whose results are right.

    python -m benchmarks.sbml_suite FOLDER [FIRST LAST]

FOLDER holds a folder for each case, `00001` and so on, with `00001-sbml-l3v2.xml` (or another level),
`00001-settings.txt` and `00001-results.csv`. The suite is no part of this repository: https://github.com/sbmlteam/sbml-test-suite
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.formulas import ZERO, Formula, Name, Number, product, quotient
from cubie_cli.imports.imported import ImportedModel, State
from cubie_cli.imports.mathematics import NotRepresentableError
from cubie_cli.imports.publishing import written_model
from cubie_cli.imports.reading import read_source
from cubie_cli.imports.sbml.events import add_events
from cubie_cli.imports.sbml.reading import check_level, read_sbml
from cubie_cli.imports.sbml.translation import Translation
from cubie_cli.imports.settling import settle
from cubie_cli.imports.xml_text import check_xml, declared_utf8
from solvers.status import Status

_LEVELS = ("l3v2", "l3v1", "l2v5", "l2v4", "l2v3", "l2v2", "l2v1", "l1v2")
_SECONDS = 120
#: Of what is asked for, by its position.
_WANTED = "wanted_{}"


class WrongError(Exception):
    """A case is solved, and not as it should be."""


@dataclass(frozen=True)
class Case:
    """A case of the suite: its name, the model, what is asked for and what it should be."""

    name: str
    model: Path
    settings: Mapping[str, str]
    results: Path

    @property
    def variables(self) -> list[str]:
        """What is asked for."""
        return self.names("variables")

    def names(self, key: str) -> list[str]:
        """Return names that a setting lists."""
        return [each.strip() for each in self.settings.get(key, "").split(",") if each.strip()]


def cases(folder: Path) -> Iterator[Case]:
    """Yield the cases in a folder that are solved over time."""
    for each in sorted(path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()):
        models = [each / f"{each.name}-sbml-{level}.xml" for level in _LEVELS]
        model = next((path for path in models if path.exists()), None)
        settings, results = each / f"{each.name}-settings.txt", each / f"{each.name}-results.csv"
        if model is not None and settings.exists() and results.exists():
            pairs = (line.partition(":") for line in settings.read_text().splitlines())
            yield Case(each.name, model, {key.strip(): value.strip() for key, _, value in pairs}, results)


def outcome(case: Case, folder: Path) -> tuple[str, str]:
    """Return "passed", "refused" or "wrong", and why."""
    try:
        _check(case, _solved(case, folder))
    except UserError as error:
        return "refused", error.message
    except NotRepresentableError as error:
        return "refused", error.what
    except (WrongError, subprocess.TimeoutExpired) as error:
        return "wrong", str(error)
    return "passed", ""


def _imported(case: Case) -> ImportedModel:
    """Return the model with what is asked for as observables."""
    content = read_source(case.model).content
    check_level(check_xml(content, case.model), case.model)
    translation = Translation(read_sbml(declared_utf8(content, case.model), case.model))
    model = translation.model()
    add_events(model, translation)
    for position, name in enumerate(case.variables):
        model.observables[_WANTED.format(position)] = _wanted(case, translation, model, name)
    if not model.states:
        model.states["no_state"] = State(ZERO, ZERO)
    settle(model)
    return model


def _wanted(case: Case, translation: Translation, model: ImportedModel, name: str) -> Formula:
    """Return what is asked for: of a species its amount or its concentration."""
    if name not in model.names:
        known = {each.id: each.value for each in translation.source.parameters}
        return Number(float(known[name] or 0.0))
    species = translation.species.get(name)
    if species is None:
        return Name(name)
    size, is_amount = Name(species.compartment), translation.is_amount(species)
    if name in case.names("amount") and not is_amount:
        return product(Name(name), size)
    return quotient(Name(name), size) if name in case.names("concentration") and is_amount else Name(name)


def _solved(case: Case, folder: Path) -> Mapping[str, np.ndarray]:
    """Return what is asked for, by name, at the times of the case."""
    text = written_model(_imported(case), read_source(case.model), "0")
    (folder / "model.toml").write_text(text)
    start, duration = float(case.settings.get("start", 0)), float(case.settings["duration"])
    times = [start + duration * index / int(case.settings["steps"]) for index in range(int(case.settings["steps"]) + 1)]
    names = [_WANTED.format(position) for position in range(len(case.variables))]
    (folder / "run.toml").write_text(
        f'[model]\nfile = "model.toml"\n[solve]\nt0 = {min(start, 0.0)}\nt1 = {times[-1]}\nalgorithm = "rodas5p"\n'
        f'rtol = 1e-8\natol = 1e-12\ndt_max = {duration / 100}\n[output]\nfile = "result.h5"\nsave_at = {times}\n'
        f'states = []\nobservables = {json.dumps(names)}\n[run]\ntarget = "python"\n'
    )
    command = [sys.executable, "-m", "cubie_cli", "run", str(folder / "run.toml"), "--force", "--quiet"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    told = " ".join(found.stderr.split())[:300]
    if found.returncode and not (folder / "result.h5").exists():
        raise WrongError(told or f"the exit code is {found.returncode}")
    with h5py.File(folder / "result.h5") as file:
        if found.returncode:
            raise WrongError(told or f"the run ended as {Status(int(file['status'][0])).name.lower()}")
        return {name: file[wanted][:, 0] for name, wanted in zip(case.variables, names, strict=True)}


def _check(case: Case, found: Mapping[str, np.ndarray]) -> None:
    with case.results.open(newline="") as file:
        header, *rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    table = np.array([[float(cell) for cell in row[: len(header)]] for row in rows])
    absolute, relative = float(case.settings["absolute"]), float(case.settings["relative"])
    for name, values in found.items():
        expected = table[:, header.index(name)]
        wrong = np.abs(values - expected) > absolute + relative * np.abs(expected)
        wrong |= np.isnan(values) != np.isnan(expected)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise WrongError(f"{name} is {values[row]:.9g} at {table[row, 0]:g}, and should be {expected[row]:.9g}")


def main(arguments: list[str]) -> None:
    """Print the outcome of each case, and how many there are of each."""
    first, last = arguments[1:3] if len(arguments) > 2 else ("00000", "99999")
    counts: Counter[str] = Counter()
    reasons: dict[str, list[str]] = {}
    for case in cases(Path(arguments[0])):
        if not first <= case.name <= last:
            continue
        with tempfile.TemporaryDirectory() as folder:
            kind, why = outcome(case, Path(folder))
        counts[kind] += 1
        if why:
            reasons.setdefault(f"{kind}: {why}", []).append(case.name)
        print(case.name, kind, why, flush=True)
    total = sum(counts.values())
    print()
    for kind, count in counts.most_common():
        print(f"{kind}: {count} of {total}, {100 * count / total:.1f} %")
    for why, names in sorted(reasons.items(), key=lambda each: -len(each[1])):
        print(f"{len(names):5} {why}: {' '.join(names[:8])}")


if __name__ == "__main__":
    main(sys.argv[1:])
