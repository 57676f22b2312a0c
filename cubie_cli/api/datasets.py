"""Results as xarray's data sets."""

from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cubie_cli.documents.damage import reading
from cubie_cli.documents.messages import UserError
from cubie_cli.results.opening import open_result
from cubie_cli.results.stores import at_hand
from solvers.execution.cpu.solver import free_bytes

if TYPE_CHECKING:
    import xarray

_LIBRARIES = ("xarray", "h5netcdf")
#: As this program opens files elsewhere: a file is open with one setting at a time.
_UNLOCKED = {"locking": False}
#: Which part of the free memory values may take that are read at once.
_PART_OF_MEMORY = 4


def check_libraries() -> None:
    """Raise `UserError` where what opens results is not installed."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        message = f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not installed, which results need"
        raise UserError(message, hint="pip install 'cubie-cli[xarray]'")


def dataset(path: Path, *, unstack: bool) -> "xarray.Dataset":
    """Return a result, whose values are read when they are needed.

    Parameters
    ----------
    path
        The result.
    unstack
        Whether the axes of a grid are dimensions, for which all values are read.

    Raises
    ------
    UserError
        The file is no result, or has not all runs of its grid.
    """
    import xarray  # noqa: PLC0415 - as late as it can be

    with at_hand(path) as here:
        if here != path:
            return taken(here, unstack=unstack)
    with open_result(path):
        pass  # says what is wrong
    with reading(path):
        # Units of time are no dates, and stay numbers.
        found = xarray.open_dataset(path, engine="h5netcdf", decode_times=False, driver_kwds=_UNLOCKED)
    if not unstack:
        return found
    with found:
        return unstacked(found)


def taken(path: Path, *, unstack: bool) -> "xarray.Dataset":
    """Return a result whose file is about to go.

    Where it is small beside the free memory it is read whole. A larger one is read when it is needed, from what stays
    on disk until the last of its variables is gone.
    """
    if unstack:
        return dataset(path, unstack=True)
    if path.stat().st_size <= free_bytes() // _PART_OF_MEMORY:
        with dataset(path, unstack=False) as found:
            return found.load()
    import h5netcdf  # noqa: PLC0415 - as above
    import xarray  # noqa: PLC0415

    # Of a path xarray would close the file at times, and open it again.
    store = xarray.backends.H5NetCDFStore(h5netcdf.File(path, "r", **_UNLOCKED))
    return xarray.open_dataset(store, decode_times=False)


def unstacked(found: "xarray.Dataset") -> "xarray.Dataset":
    """Return a result with the axes of its grid as dimensions, as it is where it has none.

    Raises
    ------
    UserError
        It has some of the runs only.
    """
    import xarray  # noqa: PLC0415 - as above

    if "batch_axes" not in found.attrs:
        return found.load()
    axes = str(found.attrs["batch_axes"]).split()
    lengths = np.atleast_1d(found.attrs["batch_shape"]).tolist()
    if prod(lengths) != found.sizes["run"]:
        message = f"this result has {found.sizes['run']:,} of {prod(lengths):,} runs, so its axes are not whole"
        raise UserError(message, hint="unstack=False leaves the runs in a row; cubie merge joins shards")
    grid = {_dimension(axis, found): length for axis, length in zip(axes, lengths, strict=True)}
    indices = [f"{axis}_index" for axis in axes]
    variables = {name: _reshaped(variable, grid) for name, variable in found.variables.items() if name not in indices}
    coordinates = {name: _reduced(variables.pop(name), grid) for name in found.coords if name in variables}
    for name, length in grid.items():
        coordinates.setdefault(name, xarray.Variable((name,), np.arange(length)))
    return xarray.Dataset(variables, coordinates, found.attrs)


def _dimension(axis: str, found: "xarray.Dataset") -> str:
    """Return what an axis is called: as the quantity that changes along it, or as its group."""
    for name in (axis, f"{axis}_0"):
        if name in found.coords:
            return name
    return f"{axis}_index" if axis in found.variables else axis


def _reshaped(variable: "xarray.Variable", grid: dict[str, int]) -> "xarray.Variable":
    """Return a variable with dimensions in place of "run", of which the last changes fastest."""
    import xarray  # noqa: PLC0415 - as above

    if "run" not in variable.dims:
        return variable.load()
    place = variable.dims.index("run")
    shape = (*variable.shape[:place], *grid.values(), *variable.shape[place + 1 :])
    dimensions = (*variable.dims[:place], *grid, *variable.dims[place + 1 :])
    return xarray.Variable(dimensions, variable.to_numpy().reshape(shape), variable.attrs)


def _reduced(variable: "xarray.Variable", grid: dict[str, int]) -> "xarray.Variable":
    """Return a coordinate over those dimensions only along which it changes."""
    for name in grid:
        if name in variable.dims:
            first = variable.isel({name: 0})
            if bool((variable == first).all()):
                variable = first
    return variable
