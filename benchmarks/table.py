"""Rows of figures, printed as they come and kept as JSON."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_NAME_WIDTH, _CELL_WIDTH = 56, 8


@dataclass(frozen=True)
class Row:
    """The figures of one measurement.

    Parameters
    ----------
    section, name
        What was measured.
    figures
        Numbers and short texts that are printed, by heading.
    details
        What else the JSON holds.
    notes
        Lines printed below.
    """

    section: str
    name: str
    figures: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


class Table:
    """Prints rows and keeps a JSON file of them up to date.

    Parameters
    ----------
    path
        The JSON file, if one is wanted.
    about
        What the JSON file begins with: the machine, versions, the command.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]) -> None:
        self._path = path
        self._about = about
        self._rows: list[Row] = []
        for name, value in about.items():
            print(f"{name}: {value}")

    @property
    def failed(self) -> bool:
        """Whether a row has no figures."""
        return not all(row.figures for row in self._rows)

    def add(self, row: Row) -> None:
        """Print a row, under its headings where they are others than those of the row before."""
        last = self._rows[-1] if self._rows else None
        if last is None or last.section != row.section or list(last.figures) != list(row.figures):
            headings = "  ".join(f"{heading:>{_width(heading)}}" for heading in row.figures)
            print(f"\n{row.section:{_NAME_WIDTH}}  {headings}")
        self._rows.append(row)
        cells = "  ".join(f"{number(value):>{_width(heading)}}" for heading, value in row.figures.items())
        print(f"{row.name:{_NAME_WIDTH}}  {cells}", flush=True)
        for note in row.notes:
            print(f"    {note}", flush=True)
        if self._path:
            rows = [asdict(row) for row in self._rows]
            self._path.write_text(json.dumps({"about": self._about, "rows": rows}, indent=1), encoding="utf-8")


def _width(heading: str) -> int:
    return max(len(heading), _CELL_WIDTH)


def attempted(section: str, name: str, measure: Callable[[], Row]) -> Row:
    """Return what a measurement gives, or a row without figures that says why there are none."""
    try:
        return measure()
    except Exception as error:  # noqa: BLE001 - the others are measured still
        return Row(section, name, {}, notes=[f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"])


def number(value: Any) -> str:
    """Return a figure with three digits, or what else it is."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if 1000 <= value < math.inf else f"{value:.3g}"
