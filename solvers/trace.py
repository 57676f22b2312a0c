"""What solvers tell of themselves on the way: the events, and a recorder that keeps them.

Device code reports an event through the `probe` of its target: the values of the event's fields, in order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Field(NamedTuple):
    """A value that an event reports.

    Parameters
    ----------
    name, dtype, meaning
        As it is written to files.
    squared
        Whether device code reports the square; what is kept is the root.
    """

    name: str
    dtype: str
    meaning: str
    squared: bool = False


@dataclass(frozen=True)
class Event:
    """Something that solvers report each time it happens.

    Parameters
    ----------
    name
        One word.
    fields
        What is reported, in the order of the values.
    keys
        What the recorder adds: the place of the event among the others.
    """

    name: str
    fields: tuple[Field, ...]
    keys: tuple[Field, ...]

    @property
    def columns(self) -> tuple[Field, ...]:
        """All that is kept of it."""
        return (*self.keys, *self.fields)


_RUN = Field("run", "int64", "index of the run in the whole batch")
_ATTEMPT = Field("attempt", "int64", "number of the attempted step within the run, from 1")

#: An attempted step, once the controller has judged it.
ATTEMPT = Event(
    "attempt",
    (
        _RUN,
        Field("t", "float64", "start of the step"),
        Field("h", "float64", "length of the step"),
        Field(
            "error",
            "float64",
            "RMS norm of the estimated error over the tolerances; NaN with trouble, 0 with fixed steps",
            squared=True,
        ),
        Field("trouble", "int8", "status that explains why the step failed before it had an error; 0 where it has"),
        Field("accepted", "int8", "whether the step counts"),
        Field("next_dt", "float64", "step that the controller proposes next"),
    ),
    keys=(_ATTEMPT,),
)

#: A correction by Newton's method, once it is judged.
NEWTON = Event(
    "newton",
    (
        Field("t", "float64", "time of the stage, or of the step where all stages are solved together"),
        Field("iteration", "int32", "corrections of this solve so far, from 1"),
        Field("correction", "float64", "RMS norm of the correction, before damping, over the tolerances", squared=True),
        Field("contraction", "float64", "this correction over the one before it; NaN for the first"),
        Field("error", "float64", "estimated error of the iterate over the tolerances, which the solver stops on"),
        Field("residual_before", "float64", "RMS norm of the residual before the correction", squared=True),
        Field("residual", "float64", "RMS norm of the residual after the correction", squared=True),
        Field("scale", "float64", "share of the correction that was taken"),
        Field("backtracks", "int32", "times the correction was shortened"),
        Field("converged", "int8", "whether the estimated error is below the tolerance"),
    ),
    keys=(_RUN, _ATTEMPT, Field("solve", "int32", "number of Newton's solve within the attempt, from 1")),
)

#: An iteration of an iterative linear solver.
LINEAR = Event(
    "linear",
    (
        Field("iteration", "int32", "iterations of this solve so far, from 1"),
        Field("initial", "float64", "RMS norm of the right-hand side over the tolerances", squared=True),
        Field("residual", "float64", "RMS norm of the residual after the iteration", squared=True),
        Field("limit", "float64", "norm of the residual below which the solver stops", squared=True),
    ),
    keys=(
        _RUN,
        _ATTEMPT,
        Field("solve", "int32", "number of the linear solve within the attempt, from 1"),
        Field("newton_solve", "int32", "Newton's solve that asked for it; 0 for none: a stage or an error filter"),
        Field("newton_iteration", "int32", "Newton's iteration that asked for it; 0 for none"),
    ),
)

#: An event of the model, once it has acted.
EVENT = Event(
    "event",
    (
        _RUN,
        Field("event", "int32", "position of the event in the model, from 0"),
        Field("t", "float64", "when it fired"),
    ),
    keys=(Field("attempt", "int64", "number of the attempted step that ended with it; 0 at the start of the run"),),
)

EVENTS = (ATTEMPT, NEWTON, LINEAR, EVENT)

Row = dict[str, Any]


class Recorder:
    """Keeps the events of one run after another.

    A linear solver reports before the correction that it serves, and a correction before its step, so rows wait for
    what they belong to.
    """

    def __init__(self) -> None:
        self._rows = _no_rows()
        self._waiting: dict[str, list[Row]] = {NEWTON.name: [], LINEAR.name: []}
        self._firings: list[Row] = []
        self._run, self._attempt = -1, 0

    def take(self) -> dict[str, list[Row]]:
        """Return what happened, in order and by the event's name, each with all columns of its event; forget it.

        Runs count from 0, as device code counts them in the arrays it is given.
        """
        self._place_firings()
        taken, self._rows = self._rows, _no_rows()
        self._run = -1
        return taken

    def record(self, event: Event, values: Sequence[Any]) -> None:
        """Keep the values of an event's fields."""
        row = {field.name: _plain(field, value) for field, value in zip(event.fields, values, strict=True)}
        if event is ATTEMPT:
            self._close(row)
            return
        if event is EVENT:
            self._firings.append(row)
            return
        waiting = self._waiting[event.name]
        row["solve"] = (waiting[-1]["solve"] if waiting else 0) + (row["iteration"] == 1)
        waiting.append(row)
        if event is NEWTON:
            self._serve(row)

    def _serve(self, correction: Row) -> None:
        """Give the linear iterations since the last correction to this one."""
        for row in reversed(self._waiting[LINEAR.name]):
            if "newton_solve" in row:
                return
            row |= {"newton_solve": correction["solve"], "newton_iteration": correction["iteration"]}

    def _close(self, attempt: Row) -> None:
        """Take up all that was reported during an attempt."""
        self._place_firings(attempt)
        run = attempt["run"]
        self._attempt = self._attempt + 1 if run == self._run else 1
        self._run = run
        if attempt["trouble"]:
            attempt["error"] = math.nan
        place = {"run": run, "attempt": self._attempt}
        self._rows[ATTEMPT.name].append(attempt | place)
        for row in self._waiting[LINEAR.name]:
            row.setdefault("newton_solve", 0)
            row.setdefault("newton_iteration", 0)
        for name, waiting in self._waiting.items():
            self._rows[name] += [row | place for row in waiting]
            waiting.clear()

    def _place_firings(self, attempt: Row | None = None) -> None:
        """Take up firings, given the attempt that is reported next: they may be reported before it or after it."""
        for firing in self._firings:
            before = self._attempt if firing["run"] == self._run else 0
            within = attempt is not None and firing["run"] == attempt["run"] and firing["t"] > attempt["t"]
            self._rows[EVENT.name].append(firing | {"attempt": before + within})
        self._firings.clear()


def _no_rows() -> dict[str, list[Row]]:
    return {event.name: [] for event in EVENTS}


def _plain(field: Field, value: Any) -> Any:
    if field.dtype != "float64":
        return int(value)
    return math.sqrt(value) if field.squared else float(value)
