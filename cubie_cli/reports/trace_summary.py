"""Sums up the file of a trace: as plain values, and as text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import h5py

from cubie_cli.results.trace_file import RUNS
from solvers.status import Status
from solvers.trace import ATTEMPT, EVENT, EVENTS, LINEAR, NEWTON

Row = dict[str, Any]


def is_trace(file: h5py.File) -> bool:
    """Return whether a file is a trace."""
    return all(isinstance(file.get(name), h5py.Group) for name in (RUNS, *(event.name for event in EVENTS)))


def describe(file: h5py.File) -> dict[str, Any]:
    """Return all of a trace, nested: runs, attempts, events, Newton's corrections, linear iterations.

    Linear iterations that serve no correction, those of a stage or of an error filter, are the attempt's own. Events at
    the start of a run are the run's own.
    """
    rows = {event.name: _rows(file[event.name]) for event in EVENTS}
    _name_firings(file, rows[EVENT.name])
    firings = _by(rows[EVENT.name], "run", "attempt")
    corrections = _by(rows[NEWTON.name], "run", "attempt")
    iterations = _by(rows[LINEAR.name], "run", "attempt", "newton_solve", "newton_iteration")
    for attempt in rows[ATTEMPT.name]:
        place = attempt["run"], attempt["attempt"]
        attempt["events"] = firings.get(place, [])
        attempt["newton"] = corrections.get(place, [])
        attempt["linear"] = iterations.get((*place, 0, 0), [])
        for correction in attempt["newton"]:
            correction["linear"] = iterations.get((*place, correction["solve"], correction["iteration"]), [])
    attempts = _by(rows[ATTEMPT.name], "run")
    fired = _by(rows[EVENT.name], "run")
    runs = []
    for run in _rows(file[RUNS]):
        own = attempts.get((run["run"],), [])
        summary = summarise(own, len(fired.get((run["run"],), [])))
        runs.append(run | {"summary": summary, "events": firings.get((run["run"], 0), []), "attempts": own})
    return {
        "kind": "trace",
        "file": file.filename,
        "title": str(file.attrs.get("title", "")),
        "summary": summarise(rows[ATTEMPT.name], len(rows[EVENT.name])),
        "runs": runs,
        "attributes": {name: str(value) for name, value in file.attrs.items() if not name.startswith("_")},
    }


def summarise(attempts: Sequence[Row], events: int) -> dict[str, Any]:
    """Return how many attempts, solves and iterations there were, and how often events fired."""
    newton = [row for attempt in attempts for row in attempt["newton"]]
    linear = [row for attempt in attempts for row in attempt["linear"]]
    linear += [row for correction in newton for row in correction["linear"]]
    solves, linear_solves = _starts(newton), _starts(linear)
    return {
        "attempts": len(attempts),
        "accepted": sum(attempt["accepted"] for attempt in attempts),
        "rejected_by_error": sum(not attempt["accepted"] and not attempt["trouble"] for attempt in attempts),
        "rejected_by_trouble": sum(attempt["trouble"] != 0 for attempt in attempts),
        "events": events,
        "newton_solves": solves,
        "newton_failures": solves - sum(row["converged"] for row in newton),
        "newton_iterations_per_solve": len(newton) / solves if solves else None,
        "backtracks": sum(row["backtracks"] for row in newton),
        "linear_solves": linear_solves,
        "linear_iterations_per_solve": len(linear) / linear_solves if linear_solves else None,
    }


def lines(trace: Mapping[str, Any]) -> Iterator[str]:
    """Yield a trace as text: for each run its attempts, below each the solves that it took, then a summary."""
    count = len(trace["runs"])
    yield f"{trace['title']}: trace of {count:,} run{'s' if count > 1 else ''}"
    for run in trace["runs"]:
        yield ""
        yield _heading(run)
        yield f"{'attempt':>7} {'t':>13} {'h':>11} {'error':>9}"
        yield from map(_firing, run["events"])
        for attempt in run["attempts"]:
            yield from _attempt(attempt)
        yield from _summary(f"Summary of run {run['run']}", run["summary"])
    if count > 1:
        yield from _summary("Summary of all runs", trace["summary"])


def _heading(run: Row) -> str:
    swept = [f"{name} = {value:g}" for name, value in run.items() if isinstance(value, float)]
    return f"Run {run['run']}: {', '.join([_name(run['status']), *swept])}"


def _attempt(attempt: Row) -> Iterator[str]:
    outcome = "accepted" if attempt["accepted"] else f"rejected, next {attempt['next_dt']:.3g}"
    error = "-" if attempt["trouble"] else f"{attempt['error']:.3g}"
    cause = f": {_name(attempt['trouble'])}" if attempt["trouble"] else ""
    yield f"{attempt['attempt']:>7} {attempt['t']:>13.7g} {attempt['h']:>11.4g} {error:>9}  {outcome}{cause}"
    for _, solve in groupby(attempt["newton"], key=lambda row: row["solve"]):
        yield _solve(list(solve))
    own = attempt["linear"]
    for _, solve in groupby(own, key=lambda row: row["solve"]):
        yield f"{'':>9}linear: {_numbers(row['residual'] / row['initial'] for row in solve)}"
    yield from map(_firing, attempt["events"])


def _firing(firing: Row) -> str:
    return f"{'':>9}event {firing['event']} at {firing['t']:.7g}"


def _solve(corrections: list[Row]) -> str:
    """Return Newton's corrections as one line."""
    parts = [f"{'':>9}newton at {corrections[0]['t']:.7g}: {_numbers(row['correction'] for row in corrections)}"]
    if any(row["backtracks"] for row in corrections):
        parts.append(f"of which taken {_numbers(row['scale'] for row in corrections)}")
    if any(row["linear"] for row in corrections):
        parts.append(f"linear iterations {' '.join(str(len(row['linear'])) for row in corrections)}")
    if not corrections[-1]["converged"]:
        parts.append("not converged")
    return "; ".join(parts)


def _summary(title: str, summary: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield title
    for name, value in summary.items():
        if value is not None:
            yield f"  {name.replace('_', ' '):27} {value if isinstance(value, int) else format(value, '.3g')}"


def _name_firings(file: h5py.File, firings: Iterable[Row]) -> None:
    """Give events the names that they have in the model."""
    names = str(file[EVENT.name]["event"].attrs.get("flag_meanings", "")).split()
    for firing in firings:
        firing["event"] = names[firing["event"]]


def _name(status: int) -> str:
    return Status(status).name.lower()


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:.2g}" for value in values)


def _starts(rows: Iterable[Row]) -> int:
    return sum(row["iteration"] == 1 for row in rows)


def _rows(group: h5py.Group) -> list[Row]:
    """Return the rows of a group's columns."""
    columns = {name: data[:].tolist() for name, data in group.items() if name != "row"}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _by(rows: Iterable[Row], *names: str) -> dict[tuple[int, ...], list[Row]]:
    """Return rows by the values of some columns."""
    found: dict[tuple[int, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found
