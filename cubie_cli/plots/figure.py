"""What a picture shows, before it is known whether it is drawn to a file or in a terminal."""

from dataclasses import dataclass

import numpy as np

#: Differences that are smaller than this share of a value are those of rounding and tolerances.
_STEADY = 1e-5


@dataclass(frozen=True)
class Axis:
    """An axis of a panel.

    Parameters
    ----------
    label
        Its name, with a unit where there is one.
    logarithmic
        Whether equal ratios are equally far apart.
    """

    label: str
    logarithmic: bool = False


@dataclass(frozen=True)
class Line:
    """A line through points; NaN interrupts it."""

    x: np.ndarray
    y: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class Points:
    """Points that nothing joins."""

    x: np.ndarray
    y: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class Band:
    """The area between two lines."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    label: str = ""


@dataclass(frozen=True)
class Bars:
    """Counts of values between edges, one more than there are counts."""

    edges: np.ndarray
    counts: np.ndarray

    @property
    def whole(self) -> bool:
        """Whether each bar is that of a whole number."""
        return bool(np.all(self.edges % 1 == 0.5))


@dataclass(frozen=True)
class Map:
    """Values over two axes, shape (y, x), as colours; NaN is left empty.

    Parameters
    ----------
    x, y
        The middles of the cells.
    values
        A value for each.
    label
        What it is.
    limits
        The values of the first and the last colour; None: the smallest and the largest there are.
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    label: str
    limits: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The values of the first and the last colour."""
        known = self.values[np.isfinite(self.values)]
        return self.limits or ((float(known.min()), float(known.max())) if known.size else (0.0, 1.0))


@dataclass(frozen=True)
class Panel:
    """One coordinate system with what is in it.

    Parameters
    ----------
    x, y
        Its axes.
    layers
        What is drawn, each over those before.
    title
        What tells it from other panels, if anything.
    """

    x: Axis
    y: Axis
    layers: tuple[Line | Points | Band | Bars | Map, ...]
    title: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What a legend has, if there is more than one thing to tell apart."""
        labels = tuple(layer.label for layer in self.layers if isinstance(layer, Line | Band | Points) and layer.label)
        return labels if len(labels) > 1 else ()

    @property
    def level(self) -> tuple[float, float] | None:
        """The ends of the vertical axis where all is but for rounding one value; None: as the values are."""
        lows, highs = [], []
        for layer in self.layers:
            if isinstance(layer, Line | Points | Band):
                ends = (layer.low, layer.high) if isinstance(layer, Band) else (layer.y, layer.y)
                known = [end[np.isfinite(end)] for end in ends]
                lows += [known[0].min()] if known[0].size else []
                highs += [known[1].max()] if known[1].size else []
        size = max(map(abs, (*lows, *highs)), default=0.0)
        if not lows or max(highs) - min(lows) > _STEADY * size:
            return None
        middle, margin = (max(highs) + min(lows)) / 2, 0.1 * size or 1.0
        return float(middle - margin), float(middle + margin)


@dataclass(frozen=True)
class Figure:
    """A picture.

    Parameters
    ----------
    title
        What it is of.
    panels
        One below the other, or side by side.
    kind
        What kind of picture it is.
    remarks
        What is to be said besides, such as how many runs are left out.
    """

    title: str
    panels: tuple[Panel, ...]
    kind: str
    remarks: tuple[str, ...] = ()
