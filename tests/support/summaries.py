"""Summaries asked of a problem, and the same from a curve through many saved points."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from solvers.planning.problem import Problem
from solvers.settings import (
    CROSSING_KINDS,
    LEVEL_KINDS,
    PEAK_KINDS,
    PLAIN_KINDS,
    Summary,
    Window,
)

#: Points of a reference curve.
POINTS = 10_001


def asking(problem: Problem, asked: Sequence[Mapping[str, Any]], windows: Sequence[Window] = (Window(),)) -> Problem:
    """Return a problem with summaries; a state's where not told otherwise."""
    summaries = tuple(Summary(**{"observable": False, "name": f"s{index}", **each}) for index, each in enumerate(asked))
    return replace(problem, save=replace(problem.save, summaries=summaries, windows=tuple(windows)))


def every_kind(level: float, above: float, **where: Any) -> list[dict[str, Any]]:
    """Return one of each kind, crossings in all directions."""
    plain = [{"kind": kind} for kind in (*PLAIN_KINDS, *PEAK_KINDS)]
    heights = [{"kind": kind, "above": above} for kind in PEAK_KINDS]
    levels = [{"kind": kind, "level": level} for kind in LEVEL_KINDS]
    directed = [
        {"kind": kind, "level": level, "direction": direction} for kind in CROSSING_KINDS for direction in (1, -1)
    ]
    return [{**each, **where} for each in (*plain, *heights, *levels, *directed)]


class Curve:
    """A smooth curve through points, in a part of its span."""

    def __init__(self, times: np.ndarray, values: np.ndarray, begin: float, end: float) -> None:
        self.curve = CubicSpline(times, values)
        self.begin, self.end = begin, end

    def _inner(self, roots: np.ndarray) -> np.ndarray:
        return roots[(roots > self.begin) & (roots < self.end)]

    def told(self, each: Mapping[str, Any]) -> float:
        """Return a summary."""
        kind = each["kind"]
        if kind in LEVEL_KINDS:
            return self._of_level(kind, each["level"], each.get("direction", 0))
        if kind in PEAK_KINDS:
            return self._of_peaks(kind, each.get("above", -np.inf))
        return float(self._plain()[kind])

    def _plain(self) -> dict[str, float]:
        turns = self._inner(self.curve.derivative().roots(extrapolate=False))
        places = np.array([self.begin, *turns, self.end])
        values = self.curve(places)
        mean, length = self._mean(self.curve), self.end - self.begin
        return {
            "final": values[-1],
            "min": values.min(),
            "max": values.max(),
            "time_of_min": places[values.argmin()],
            "time_of_max": places[values.argmax()],
            "range": np.ptp(values),
            "mean": mean,
            "integral": mean * length,
            "rms": np.sqrt(self._mean(lambda t: self.curve(t) ** 2)),
            "std": np.sqrt(self._mean(lambda t: (self.curve(t) - mean) ** 2)),
        }

    def _mean(self, function: Any) -> float:
        """Return a mean by Gauss's rule between the points."""
        knots = np.concatenate([[self.begin], self._inner(self.curve.x), [self.end]])
        places, weights = np.polynomial.legendre.leggauss(4)
        middle, half = (knots[1:] + knots[:-1]) / 2, np.diff(knots) / 2
        return float((function(middle[:, None] + half[:, None] * places) @ weights * half).sum() / half.sum() / 2)

    def _of_level(self, kind: str, level: float, direction: int) -> float:
        roots = self._inner(self.curve.solve(level, extrapolate=False))
        ends = np.array([self.begin, *roots, self.end])
        above = self.curve((ends[1:] + ends[:-1]) / 2) > level
        if kind == "time_above":
            return float(np.diff(ends)[above].sum())
        if kind == "time_below":
            return float(np.diff(ends)[~above].sum())
        crossed = np.diff(above.astype(int))
        roots = roots[(crossed != 0) & (crossed * direction >= 0)]
        if kind == "crossings":
            return len(roots)
        return float(roots[0 if kind == "first_crossing" else -1]) if len(roots) else np.nan

    def _of_peaks(self, kind: str, above: float) -> float:
        turns = self._inner(self.curve.derivative().roots(extrapolate=False))
        turns = turns[(self.curve(turns, 2) < 0) & (self.curve(turns) > above)]
        heights = self.curve(turns)
        if kind == "peaks":
            return len(turns)
        if kind == "mean_period":
            return float(np.diff(turns).mean()) if len(turns) > 1 else np.nan
        if not len(turns):
            return np.nan
        return float({"first_peak": heights[0], "last_peak": heights[-1], "mean_peak": heights.mean()}[kind])
