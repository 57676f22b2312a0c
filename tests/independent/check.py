"""A model solved in several ways, and what is found where it differs from what the peers agree on."""

import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from random import Random
from typing import Any

import numpy as np

from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS
from tests.independent.comparison import STOPPED, SUCCESS, Way, agreement, differences, solved, summarised
from tests.independent.models import RUNS, Model, random_model
from tests.independent.peers import Cvode, Heyoka, PeerError, SciPy, Smooth
from tests.independent.walk import Told, UnclearError, Walk, smooth_part

PEERS = {"SciPy": SciPy, "CVODE": Cvode, "heyoka": Heyoka}
METHODS = ("tsit5", "rodas5p", "vern7", "kvaerno5", "dop853", "radau_iia_5", "rosenbrock23")
IMPLICIT = ("rodas5p", "kvaerno5", "radau_iia_5", "rosenbrock23")
#: One system in so many is compiled, and in so many is solved by what "auto" chooses.
COMPILED = 17
AUTO = 40
#: Those that are good for tight tolerances.
TIGHT = ("vern7", "dop853", "vern9", "radau_iia_9")
#: Every method that adapts its steps and does not need thousands of them.
OTHERS = tuple(
    name
    for name, each in {**TABLEAUS, **IMPLICIT_TABLEAUS}.items()
    if each.error_order is not None and each.order > 2 and name not in METHODS and each.dense_output is not None
)
#: Tolerances beyond which a difference is looked into.
REMARKABLE = 100.0
#: How far peers may differ, over the tolerance.
AT_ONE = 0.2
#: By how much a tighter run has to be nearer, of a factor of a thousand in the tolerance.
NEARER = 20.0


@dataclass(frozen=True)
class Finding:
    """A run that differs.

    Parameters
    ----------
    seed, kind, table
        Of the model, and its file.
    differing
        Over the tolerance, by what is told.
    verdict
        "magnified", "coarse", "missed" or "wrong": see `judged`; "unconfirmed": no peer has a solution.
    """

    seed: int
    kind: str
    table: str
    way: Way
    run: int
    differing: dict[str, float]
    verdict: str

    def __str__(self) -> str:
        differing = {name: float(f"{value:.3g}") for name, value in self.differing.items() if value}
        line = f"{self.verdict}: seed {self.seed} ({self.kind}), {self.way}, run {self.run}: {differing}"
        return line + (f"\n    {self.table}" if self.verdict in {"wrong", "unconfirmed"} else "")


@dataclass
class Report:
    """What was found with some models.

    Parameters
    ----------
    systems
        How many, by kind and whether there are events, switches or drivers.
    left_out
        Runs for which peers have no common solution, by the reason.
    ends
        Runs of cubie by method and status, and by whether any peer comes to the end.
    errors
        The largest difference of each run, over the tolerance, by method, and by what is told.
    apart
        By how much each peer differs from the first in each run where all come to one solution, over the magnitude.
    findings, broken
        Runs beyond `REMARKABLE`; ways that ended with an exception.
    """

    systems: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[float]] = field(default_factory=dict)
    apart: dict[str, list[float]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take in what another has found."""
        self.systems += other.systems
        self.left_out += other.left_out
        self.ends += other.ends
        self.findings += other.findings
        self.broken += other.broken
        for mine, theirs in ((self.errors, other.errors), (self.apart, other.apart)):
            for name, values in theirs.items():
                mine.setdefault(name, []).extend(values)

    def note(self, way: Way, differing: dict[str, float]) -> None:
        """Keep how far a run is from what is known."""
        for name, error in differing.items():
            self.errors.setdefault(name, []).append(error)
        self.errors.setdefault(way.algorithm, []).append(max(differing.values()))

    def __str__(self) -> str:
        lines = [f"systems {dict(self.systems)}", f"left out {dict(self.left_out)}", f"ends {dict(self.ends)}"]
        lines += [f"{len(self.broken)} broken, verdicts {dict(Counter(each.verdict for each in self.findings))}"]
        lines += [
            f"{name:20} {len(found):6d} runs, apart by {np.median(found):.2g} in the median, {max(found):.2g} at most"
            for name, found in self.apart.items()
        ]
        for name, errors in self.errors.items():
            found = np.array(errors)
            shares = " ".join(f"{(found > limit).sum():6d}" for limit in (1, 10, 100, 1000))
            lines.append(
                f"{name:20} {len(found):6d} runs, median {np.median(found):8.2g}, largest {found.max():8.2g}; "
                f"beyond 1, 10, 100, 1000: {shares}"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Reference:
    """What is known of a run.

    Parameters
    ----------
    told
        What peers agree on; None: no peer has come to its end, as where a solution grows without bound.
    apart
        How far they differ, over the magnitude.
    """

    told: Told | None
    apart: float = 0.0


def references(model: Model, smooth: Smooth, peers: Sequence[str], report: Report) -> dict[int, Reference]:
    """Return what is known by run; those that one of several peers alone has solved, or differently, are left out."""
    solvers = {name: PEERS[name](smooth) for name in peers}
    found = {}
    for index in range(RUNS):
        told, failures, unclear = {}, [], ""
        for name, peer in solvers.items():
            try:
                told[name] = Walk(model, smooth, index).by(peer)
            except PeerError as error:
                failures.append(str(error))
            except UnclearError as error:
                unclear = str(error)
        if unclear:
            report.left_out[unclear] += 1
        elif not told:
            found[index] = Reference(None)
        elif len(told) < min(2, len(peers)):
            report.left_out[", ".join(failures)] += 1
        else:
            (first, one), *others = told.items()
            apart = {f"{first} and {name}": agreement(one, other) for name, other in others}
            worst = max(apart.values(), default=0.0)
            if worst > 1e-6 * AT_ONE:
                report.left_out["peers differ"] += 1
                continue
            found[index] = Reference(one, worst)
            for pair, each in apart.items():
                report.apart.setdefault(pair, []).append(each)
    return found


def ways(model: Model) -> list[Way]:
    """Return how a model is solved: each method gets its turn."""
    seed = model.seed
    target = "cpu" if seed % COMPILED == 0 else "python"
    # In the interpreter the many steps of an explicit method for a stiff system take too long.
    methods = IMPLICIT if model.stiff and target == "python" else METHODS
    found = [(methods[seed % len(methods)], 1e-6)]
    if seed % 8 == 1:
        found.append((OTHERS[seed // 8 % len(OTHERS)], 1e-6))
    elif seed % 8 == 3:
        found.append((TIGHT[seed // 8 % len(TIGHT)], 1e-9))
    if seed % AUTO == AUTO - 1:
        found.append(("auto", 1e-6))
    return [Way(name, rtol, target) for name, rtol in found]


def examine(seed: int, peers: Sequence[str] = tuple(PEERS), chosen: Sequence[str] = ()) -> Report:
    """Solve a model by the peers and in several ways, and compare.

    Parameters
    ----------
    chosen
        Methods to take in place of those whose turn it is.
    """
    model, report = random_model(seed), Report()
    report.systems[f"{model.kind}, {'smooth' if model.smooth else 'with events, switches, drivers'}"] += 1
    smooth = smooth_part(model, summarised(model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = references(model, smooth, peers, report)
        for way in [Way(name, 1e-6, "python") for name in chosen] or ways(model):
            try:
                _compare(model, smooth, way, known, report)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is to be told
                report.broken.append(f"broken: seed {seed}, {way}: {error!r}\n    {json.dumps(model.table())}")
    return report


def _compare(model: Model, smooth: Smooth, way: Way, known: dict[int, Reference], report: Report) -> None:
    solve = cache(partial(solved, model))
    for index, reference in known.items():
        if reference.apart > way.rtol * AT_ONE:
            report.ends[f"{way.algorithm}: no reference for {way.rtol:.0e}"] += 1
            continue
        result, told = solve(way), reference.told
        status = int(result.status.values[index])
        report.ends[f"{way.algorithm}: status {status}" + (", no peer comes to the end" if told is None else "")] += 1
        if status not in {SUCCESS, STOPPED}:
            continue
        differing = differences(model, way, result, index, told) if told else {"states": math.inf}
        if told:
            report.note(way, differing)
        if max(differing.values()) > REMARKABLE:
            verdict = judged(model, smooth, way, index, told, max(differing.values()), solve) if told else "unconfirmed"
            seed, kind, table = model.seed, model.kind, json.dumps(model.table())
            report.findings.append(Finding(seed, kind, table, way, index, differing, verdict))


def judged(
    model: Model, smooth: Smooth, way: Way, index: int, told: Told, worst: float, solve: Callable[[Way], Any]
) -> str:
    """Return what a difference is due to.

    "magnified": the problem makes as much of an error of the tolerance on its way. "coarse": with a tighter tolerance
    the difference goes. "missed": it goes where steps are too short to miss a crossing, too. Else "wrong".
    """
    magnified = sensitivity(model, smooth, index, told, way)
    if math.isfinite(magnified) and worst < REMARKABLE * magnified:
        return "magnified"
    left = worst / NEARER if math.isfinite(worst) else REMARKABLE

    def is_nearer(tight: Way) -> bool:
        result = solve(tight)
        if int(result.status.values[index]) not in {SUCCESS, STOPPED}:
            return False
        return max(differences(model, tight, result, index, told).values()) * tight.rtol / way.rtol < left

    tight = replace(way, rtol=way.rtol * 1e-3 if way.rtol > 1e-8 else way.rtol * 1e-2, target="cpu")
    if is_nearer(tight):
        return "coarse"
    crossings = any(happening.when for happening in model.happenings)
    return "missed" if crossings and is_nearer(replace(tight, dt_max=model.span.length / 300)) else "wrong"


def sensitivity(model: Model, smooth: Smooth, index: int, told: Told, way: Way) -> float:
    """Return how far errors of the tolerance on the way move what is told, over the tolerance.

    inf: something then happens more or less often, or there is no solution to compare with.
    """
    draw, worst = Random(model.seed), 1.0  # noqa: S311 - it keeps no secret
    for share in (0.0, 0.3, 0.6):
        factors = np.array([1 + way.rtol * draw.choice([-1, 1]) for _ in model.equations])
        kick = model.span.t0 + share * model.span.length, factors
        try:
            moved = Walk(model, smooth, index, kick).by(SciPy(smooth))
        except (PeerError, UnclearError):
            return math.inf
        worst = max(worst, agreement(told, moved) / way.rtol)
    return worst
