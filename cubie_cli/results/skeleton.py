"""Writes all of a result but the values of its runs, from one or several that have them."""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Any

import h5py

from cubie_cli.results.opening import dimensions
from cubie_cli.results.provenance import of_this_command
from cubie_cli.results.shards import ShardFile

#: What HDF5 keeps of scales, which a copy has anew.
_OF_SCALES = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"}

#: Makes a variable over runs, from its name, its shape and one to be like.
Create = Callable[[str, tuple[int, ...], h5py.Dataset], h5py.Dataset]


def write_skeleton(first: h5py.File, new: h5py.File, shards: Sequence[ShardFile], create: Create) -> None:
    """Write what a shard has, for the runs of all of them, in its order.

    Parameters
    ----------
    first
        A shard, from which all comes that they have in common.
    new
        The file that is written.
    create
        Makes the variables over runs.
    """
    new.attrs.update(merged_attributes(shards))
    columns, count = {each.name for each in shards[0].columns}, shards[0].extent.count
    copy_all_else(first, new, columns, lambda name, shape, item: create(name, (*shape[:-1], count), item))


def copy_all_else(source: h5py.File, new: h5py.File, columns: Container[str], create: Create) -> None:
    """Write the variables and groups of a result, in its order, but the values of some variables.

    Parameters
    ----------
    source, new
        The result, and the file that is written.
    columns
        The names of those variables.
    create
        Makes them.
    """
    for name, item in source.items():
        if name in columns:
            _copy_attributes(item, create(name, item.shape, item))
        else:
            _copy(item, new, name)
    _attach_scales(source, new)


def fill_of(data: h5py.Dataset) -> dict[str, object]:
    """Return what stands for a value that is missing, where the variable says so, as an option of a new one."""
    defined = data.id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_USER_DEFINED
    return {"fillvalue": data.fillvalue} if defined else {}


def _copy(item: h5py.Dataset | h5py.Group, parent: h5py.Group, name: str) -> None:
    """Copy a dataset, or a group with what is in it: HDF5's own way loses over which dimensions that is."""
    if isinstance(item, h5py.Dataset):
        _copy_attributes(item, parent.create_dataset(name, data=item[()], dtype=item.dtype))
        return
    group = parent.create_group(name)
    group.attrs.update(item.attrs)
    for key, each in item.items():
        _copy(each, group, key)
    _attach_scales(item, group)


def _attach_scales(group: h5py.Group, copy: h5py.Group) -> None:
    """Make dimensions of a copied group's scales."""
    datasets = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset)}
    for name, item in datasets.items():
        if item.is_scale:
            copy[name].make_scale(name)
    for name, item in datasets.items():
        for axis, dimension in enumerate(dimensions(item)):
            if dimension:
                copy[name].dims[axis].attach_scale(copy[dimension])


def merged_attributes(shards: Sequence[ShardFile]) -> dict[str, Any]:
    """Return what the whole tells of itself: where texts of shards differ, such as their devices, all of them."""
    whole = replace(shards[0].extent, runs=range(shards[0].extent.count), shard=None).attributes
    found = {
        name: _joined([shard.attributes.get(name, value) for shard in shards], value)
        for name, value in shards[0].attributes.items()
        if name != "shard"
    }
    command = of_this_command()
    history = {"history": f"{shards[0].attributes.get('history', '')}\n{command['history']}"}
    return found | command | history | whole


def _joined(values: Sequence[Any], first: Any) -> Any:
    return ", ".join(dict.fromkeys(values)) if isinstance(first, str) else first


def _copy_attributes(data: h5py.Dataset, copy: h5py.Dataset) -> None:
    for key, value in data.attrs.items():
        if key not in _OF_SCALES:
            copy.attrs[key] = value
