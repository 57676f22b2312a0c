"""Decides which kind of picture suits a result, and of which quantities, where it is not said."""

from collections.abc import Sequence

import h5py

from cubie_cli.documents.messages import UsageError
from cubie_cli.plots.kind import Kind
from cubie_cli.plots.source import Source, drawable, recorded
from cubie_cli.results.export import Quantity, chosen
from cubie_cli.results.layout import COUNTS
from cubie_cli.results.opening import dimensions

#: What needs a value for each time.
OVER_TIME = (Kind.TRAJECTORIES, Kind.FAN, Kind.PHASE)
#: The most runs whose trajectories are told apart.
FEW = 8


def quantities(file: h5py.File, names: Sequence[str], kind: Kind | None) -> list[Quantity]:
    """Return what is drawn: what is asked for, in that order, or what suits a kind.

    Raises
    ------
    UsageError
        The result has no such quantity, or nothing of the kind.
    """
    if names:
        asked = [quantity for name in names for quantity in chosen(file, [name])]
        found = list({quantity.name: quantity for quantity in asked}.values())
        return _or_refuse(found, "time and run are axes", "name a quantity with -q")
    saved, told, fired = _present(file)
    several = len(file["time"]) > 1
    if kind is Kind.BIFURCATION:
        return _or_refuse(fired, "nothing is recorded at events", "record = { first = n, states = [..] } of an event")
    if kind is Kind.FIELD:
        vectors = [each for each in saved if each.own]
        return _or_refuse(vectors, "no vector is saved", "name one in [output] states")
    if kind in OVER_TIME:
        return _or_refuse(
            saved if several else [], "no values over time are saved", "give [output] save_every or save_at"
        )
    if kind is None and several and saved:
        return [each for each in saved if each.own] or saved
    return _or_refuse(told or saved or fired, "there are no values", "save states, or give [output.summaries]")


def _or_refuse(found: list[Quantity], trouble: str, remedy: str) -> list[Quantity]:
    if not found:
        raise UsageError(f"{trouble}, and there is nothing to plot", hint=remedy)
    return found


def _present(file: h5py.File) -> tuple[list[Quantity], list[Quantity], list[Quantity]]:
    """Return what is saved over time, what is told of each run, and what is recorded at events."""
    coordinates = str(file["status"].attrs.get("coordinates", "")).split()
    names = [
        name
        for name, data in file.items()
        if isinstance(data, h5py.Dataset) and not data.is_scale and name not in {*COUNTS, *coordinates, "t_end"}
    ]
    found = drawable(file, names)
    saved = [each for each in found if each.over_time]
    fired = [each for each in found if recorded(each) and not each.name.endswith("_time")]
    times = [each for each in found if recorded(each) and each.name.endswith("_time")]
    told = [each for each in found if dimensions(each.data) == ("run",)]
    return saved, [each for each in told if not _counts_firings(each)] or told, fired or times


def _counts_firings(quantity: Quantity) -> bool:
    event = quantity.name.removesuffix("_count")
    return bool(quantity.data.attrs.get("long_name") == f"how often {event} fired")


def suited(source: Source, given: Sequence[Quantity]) -> Kind:
    """Return the kind of picture that suits quantities of a result.

    Raises
    ------
    UsageError
        There is one number, and no picture of that.
    """
    if all(recorded(each) for each in given):
        return Kind.BIFURCATION
    if any(each.own and not each.place and each.over_time for each in given):
        return Kind.FIELD
    if len(source.times) > 1 and any(each.over_time for each in given):
        return Kind.TRAJECTORIES if source.drawn <= FEW else Kind.FAN
    if source.drawn == 1:
        hint = f"`cubie show {source.file.filename}` tells the numbers; save more times, or sweep something"
        raise UsageError("there is one value of one run, and no picture of that", hint=hint)
    axes = source.quantity_axes
    if len(axes) > 1 and all(each.index for each in axes):
        return Kind.HEATMAP
    if len(axes) == 1:
        return Kind.LINE
    return Kind.SCATTER if len(source.coordinates) == 1 else Kind.HISTOGRAM
