"""What holds for every tree of owners, by rules written out again from the tree's description."""

import dataclasses
import itertools
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from buffers import LOCATIONS, BufferRegistry, Locations, undefined_memory

SPACES = ("shared", "persistent")


def holds_for(*strategies):
    """Test with drawn values, without a deadline: how busy the machine is says nothing of the layout."""
    return lambda test: settings(deadline=None)(given(*strategies)(test))


@dataclass(frozen=True)
class Piece:
    name: str
    elements: int
    dtype: str
    lifetime: str
    location: str

    @property
    def nbytes(self):
        return self.elements * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Part:
    owner: str
    parent: int | None
    group: str | None
    pieces: tuple[Piece, ...]


@st.composite
def trees(draw, dtypes=("float32", "float64", "int8", "int32"), groups=(None, "g", "h")):
    parts = []
    for index in range(draw(st.integers(1, 7))):
        pieces = tuple(
            Piece(
                f"b{number}",
                draw(st.integers(0, 5)),
                draw(st.sampled_from(dtypes)),
                draw(st.sampled_from(("call", "call", "run"))),
                draw(st.sampled_from(LOCATIONS)),
            )
            for number in range(draw(st.integers(0, 3)))
        )
        parent = draw(st.integers(0, index - 1)) if index else None
        parts.append(Part(f"o{index}", parent, draw(st.sampled_from(groups)), pieces))
    return tuple(parts)


def build(tree, locations=None):
    registry = BufferRegistry(locations)
    for part in tree:
        registry.declare(part.owner)
        for piece in part.pieces:
            registry.register(
                part.owner,
                piece.name,
                piece.elements,
                piece.dtype,
                lifetime=piece.lifetime,
                location=piece.location,
            )
    for part in tree[1:]:
        registry.host(tree[part.parent].owner, part.owner, part.owner, group=part.group)
    return registry


def children(tree, index):
    return [number for number, part in enumerate(tree) if part.parent == index]


def subtree(tree, index):
    return [index, *itertools.chain.from_iterable(subtree(tree, child) for child in children(tree, index))]


def path(tree, index):
    return [index] if tree[index].parent is None else [*path(tree, tree[index].parent), index]


def may_overlap(tree, first, second):
    """Whether two (part, piece) are call-lived and lie below different children of one group."""
    (one, piece), (other, another) = first, second
    apart = [pair for pair in zip(path(tree, one), path(tree, other), strict=False) if pair[0] != pair[1]]
    if not apart or "run" in (piece.lifetime, another.lifetime):
        return False
    groups = {tree[index].group for index in apart[0]}
    return len(groups) == 1 and None not in groups


def placed(tree):
    return [(index, piece) for index, part in enumerate(tree) for piece in part.pieces if piece.elements]


def expected_elements(tree, index, location):
    """Own elements, for each group the most of those that may overlap, and all other children."""
    total = sum(piece.elements for piece in tree[index].pieces if piece.location == location)
    most = {}
    for child in children(tree, index):
        size = expected_elements(tree, child, location)
        held = [piece for below in subtree(tree, child) for piece in tree[below].pieces if piece.elements]
        kept = any(piece.lifetime == "run" and piece.location == location for piece in held)
        if tree[child].group is None or kept or location == "local":
            total += size
        else:
            most[tree[child].group] = max(size, most.get(tree[child].group, 0))
    return total + sum(most.values())


def own_rows(registry):
    return {(row.owner, row.name): row for row in registry.rows() if row.kind == "own"}


def views(tree, registry):
    """Hand a run's slices down through aggregation allocators; return all arrays, and the two slices."""
    totals = registry.totals()
    run = undefined_memory(totals.shared), undefined_memory(totals.persistent)
    regions, arrays = {0: run}, {}
    for index, part in enumerate(tree):
        if part.parent is not None:
            owner, outer = tree[part.parent].owner, regions[part.parent]
            regions[index] = tuple(registry.get_allocator(f"{part.owner}_{space}", owner)(*outer) for space in SPACES)
        for piece in part.pieces:
            arrays[index, piece] = registry.get_allocator(piece.name, part.owner)(*regions[index])
    return arrays, dict(zip(SPACES, run, strict=True))


@holds_for(trees())
def test_buffers_that_may_be_live_together_share_no_memory(tree):
    arrays, _ = views(tree, build(tree))
    for first, second in itertools.combinations(placed(tree), 2):
        if not may_overlap(tree, first, second):
            assert not np.shares_memory(arrays[first], arrays[second])


@holds_for(trees())
def test_reported_ranges_of_buffers_live_together_are_disjoint_and_within_the_totals(tree):
    registry = build(tree)
    rows, totals = own_rows(registry), registry.totals()
    for index, piece in placed(tree):
        row = rows[tree[index].owner, piece.name]
        if piece.location != "local":
            assert 0 <= row.offset <= row.offset + row.bytes <= getattr(totals, piece.location)
    for first, second in itertools.combinations(placed(tree), 2):
        one, other = (rows[tree[index].owner, piece.name] for index, piece in (first, second))
        if one.location == other.location != "local" and not may_overlap(tree, first, second):
            assert one.offset + one.bytes <= other.offset or other.offset + other.bytes <= one.offset


@holds_for(trees())
def test_views_are_what_was_registered_and_lie_where_the_report_says(tree):
    registry = build(tree)
    arrays, run = views(tree, registry)
    rows = own_rows(registry)
    for (index, piece), array in arrays.items():
        row = rows[tree[index].owner, piece.name]
        assert array.shape == (piece.elements,)
        assert array.dtype == piece.dtype
        assert row.bytes == piece.nbytes == array.nbytes
        assert (row.offset is None) == (piece.location == "local")
        if piece.elements and piece.location != "local":
            assert array.ctypes.data - run[piece.location].ctypes.data == row.offset


@holds_for(trees())
def test_absolute_offsets_are_sums_of_relative_ones(tree):
    registry = build(tree)
    rows = {(row.owner, row.name): row for row in registry.rows()}
    for index, part in enumerate(tree):
        way = [tree[step] for step in path(tree, index)]
        for space in SPACES:
            start = sum(
                registry.get_allocator(f"{lower.owner}_{space}", upper.owner).offset
                for upper, lower in itertools.pairwise(way)
            )
            for piece in part.pieces:
                if piece.location == space:
                    relative = registry.get_allocator(piece.name, part.owner).offset
                    assert rows[part.owner, piece.name].offset == start + relative


@holds_for(trees())
def test_every_offset_and_every_slice_is_aligned(tree):
    registry = build(tree)
    for (index, piece), row in zip(
        ((index, piece) for index, part in enumerate(tree) for piece in part.pieces),
        (own_rows(registry)[part.owner, piece.name] for part in tree for piece in part.pieces),
        strict=True,
    ):
        if piece.elements and piece.location != "local":
            size = np.dtype(piece.dtype).itemsize
            assert row.offset % size == 0
            assert registry.get_allocator(piece.name, tree[index].owner).offset % size == 0
            assert getattr(registry.totals(), piece.location) % size == 0


@holds_for(trees())
def test_elements_add_up_through_any_tree(tree):
    registry = build(tree)
    for index, part in enumerate(tree):
        for location in LOCATIONS:
            sizes = registry.element_sizes(part.owner, location)
            assert sizes.total == expected_elements(tree, index, location)
            assert sizes.own == sum(piece.elements for piece in part.pieces if piece.location == location)


@holds_for(trees(dtypes=("float64",)))
def test_bytes_of_one_dtype_are_its_elements(tree):
    registry = build(tree)
    for part, location in itertools.product(tree, LOCATIONS):
        elements = registry.element_sizes(part.owner, location)
        sizes = registry.byte_sizes(part.owner, location)
        assert (sizes.own, sizes.hosted) == (8 * elements.own, 8 * elements.hosted)


@holds_for(trees())
def test_aggregation_buffers_are_where_the_children_lie_and_not_more(tree):
    registry = build(tree)
    for part, space in itertools.product(tree[1:], SPACES):
        allocator = registry.get_allocator(f"{part.owner}_{space}", tree[part.parent].owner)
        assert allocator.elements == registry.byte_sizes(part.owner, space).total
    bytes_of = {space: sum(p.nbytes for _, p in placed(tree) if p.location == space) for space in SPACES}
    padding = 7 * (len(placed(tree)) + len(tree))
    assert registry.totals().shared <= bytes_of["shared"] + padding
    assert registry.totals().persistent <= bytes_of["persistent"] + padding
    assert registry.totals().local == sum(p.nbytes for _, p in placed(tree) if p.location == "local")


@holds_for(trees(), st.data())
def test_moving_a_buffer_changes_nothing_but_two_spaces(tree, data):
    names = [(part.owner, piece.name) for part in tree for piece in part.pieces]
    if not names:
        return
    moved = data.draw(st.sampled_from(names))
    target = data.draw(st.sampled_from(LOCATIONS))
    before = build(tree)
    after = build(tree, Locations(assignments=((".".join(moved), target),)))
    old, new = own_rows(before), own_rows(after)
    source = old[moved].location
    assert new[moved].location == target
    assert list(old) == list(new)
    for name in old:
        ignored = {"offset": None} | ({"location": "local"} if name == moved else {})
        assert dataclasses.replace(old[name], **ignored) == dataclasses.replace(new[name], **ignored)
    for untouched in set(LOCATIONS) - {source, target}:
        assert getattr(before.totals(), untouched) == getattr(after.totals(), untouched)
        assert [row for row in before.rows() if row.location == untouched] == [
            row for row in after.rows() if row.location == untouched
        ]


@holds_for(trees(dtypes=("float64",), groups=(None,)), st.data())
def test_moving_a_buffer_moves_its_bytes_from_one_total_to_the_other(tree, data):
    names = [(part.owner, piece.name) for part in tree for piece in part.pieces]
    if not names:
        return
    moved = data.draw(st.sampled_from(names))
    target = data.draw(st.sampled_from(LOCATIONS))
    before = build(tree)
    after = build(tree, Locations(assignments=((".".join(moved), target),)))
    row = own_rows(before)[moved]
    expected = dataclasses.asdict(before.totals())
    expected[row.location] -= row.bytes
    expected[target] += row.bytes
    assert dataclasses.asdict(after.totals()) == expected


@holds_for(trees())
def test_all_local_needs_no_slices(tree):
    registry = build(tree, Locations("local"))
    totals = registry.totals()
    assert (totals.shared, totals.persistent) == (0, 0)
    assert totals.local == sum(piece.nbytes for _, piece in placed(tree))
    assert registry.shared_buffer_size("o0") == registry.persistent_local_buffer_size("o0") == 0


@holds_for(trees())
def test_the_layout_depends_on_what_was_registered_alone(tree):
    assert build(tree).rows() == build(tree).rows()
