"""Random events: as the model file has them, and what a reference needs to know of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.independent.forcings import Span, Values


@dataclass(frozen=True)
class Happening:
    """An event.

    Parameters
    ----------
    entry
        As in the model file.
    times
        (values, t1) -> when it is due, in any order, those outside the span too; None: where `when` crosses zero.
    when
        What crosses zero; der(x) may stand in it.
    direction
        1 where only upwards counts, -1 downwards, 0 both.
    changes
        Texts by name of a state or parameter.
    stop
        The firing that ends the run; 0: none.
    states
        Recorded beside the times.
    parameters
        Those that the times use, and how a value of each is drawn.
    """

    entry: dict[str, Any]
    times: Callable[[Values, float], list[float]] | None = None
    when: str = ""
    direction: int = 0
    changes: dict[str, str] = field(default_factory=dict)
    stop: int = 0
    parameters: dict[str, Callable[[Random], float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the result calls it."""
        return self.entry["name"]

    @property
    def recorded(self) -> tuple[int, Sequence[str]]:
        """How many firings are kept, and which states there."""
        record = self.entry.get("record", 0)
        return (record["first"], record.get("states", [])) if isinstance(record, dict) else (record, [])


def random_appointment(draw: Random, name: str, span: Span, states: Sequence[str], rates: Sequence[str]) -> Happening:
    """Return an event at given times that sets something."""
    lag, every = f"{name}_lag", f"{name}_every"
    at, times = _random_times(draw, lag, every, span)
    changes = _random_change(draw, states, rates)
    ways = {lag: span.moment, every: lambda chance: span.stretch(chance) + 0.01 * span.length}
    return Happening(
        {"name": name, "at": at, "set": changes, "record": {"first": 4, "states": list(states[:2])}},
        times,
        changes=changes,
        parameters={key: way for key, way in ways.items() if key in str(at)},
    )


def _random_times(draw: Random, lag: str, every: str, span: Span) -> tuple[Any, Callable[[Values, float], list[float]]]:
    start = span.t0 + span.length * draw.choice([-1, 0, 0, 1, 2]) / 8
    step = span.length * draw.choice([1, 2, 3]) / 8
    count = draw.randint(1, 5)
    last = span.t0 + span.length * draw.choice([4, 5, 7]) / 8
    moment = span.moment(draw)

    def series(first: float, distance: float, end: float, most: int = 1000) -> list[float]:
        return [first + k * distance for k in range(most) if first + k * distance <= end]

    return draw.choice(
        [
            (moment, lambda _v, _t1: [moment]),
            (span.t0, lambda _v, _t1: [span.t0]),
            (f"{lag} + 0.125", lambda v, _t1: [v[lag] + 0.125]),
            ([moment, lag], lambda v, _t1: sorted({moment, v[lag]})),
            ({"start": start, "every": step, "count": count}, lambda _v, t1: series(start, step, t1, count)),
            ({"start": start, "every": step}, lambda _v, t1: series(start, step, t1)),
            ({"start": start, "every": every, "until": last}, lambda v, t1: series(start, v[every], min(last, t1))),
            ({"start": lag, "every": every}, lambda v, t1: series(v[lag], v[every], t1)),
            ({"start": lag, "every": step, "count": count}, lambda v, t1: series(v[lag], step, t1, count)),
        ]
    )


def random_crossing(
    draw: Random, name: str, when: str, states: Sequence[str], rates: Sequence[str], *, counts: bool
) -> Happening:
    """Return an event where an expression crosses zero.

    Parameters
    ----------
    counts
        Whether it only counts its firings.
    """
    direction = draw.choice(["up", "down", "both"])
    entry: dict[str, Any] = {"name": name, "when": when, "direction": direction}
    entry["record"] = draw.choice([3, {"first": 4, "states": list(states[-2:])}])
    changes: dict[str, str] = {}
    stop = 0
    if not counts:
        stop = draw.choice([0, 0, 0, 1, 2])
        if not stop or draw.random() < 0.3:
            changes = _random_change(draw, states, rates)
    entry |= {"set": changes} if changes else {}
    entry |= {"stop": True if stop == 1 else stop} if stop else {}
    signs = {"up": 1, "down": -1, "both": 0}
    return Happening(entry, None, when, signs[direction], changes, stop)


def _random_change(draw: Random, states: Sequence[str], rates: Sequence[str]) -> dict[str, str]:
    """Return what an event sets: in such a way that nothing grows without end where it fires often."""
    one, other = draw.choice(states), draw.choice(states)
    size = round(draw.uniform(0.2, 0.9), 2)
    changes = [
        {one: f"0.5*{one} + {size}"},
        {one: f"-{size}*{one}"},
        {one: f"{one} - {size}*tanh({one})", other: f"{other} + {size}*cos({one})"},
        {one: other, other: one},
        {one: f"{size}"},
    ]
    if rates:
        rate = draw.choice(rates)
        changes += [{rate: f"2 - {rate}"}, {rate: f"0.5*{rate} + 0.2", one: f"0.3*{one} + {rate}"}]
    return draw.choice(changes)
