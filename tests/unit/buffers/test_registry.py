import dataclasses
import json

import numpy as np
import pytest

from buffers import BufferRegistry, Locations, RegistrationError, Sizes, Totals, undefined_memory


def implicit(table):
    """Loop, step, Newton and linear solver, as an implicit method registers them."""
    registry = BufferRegistry(Locations.parse(table))
    registry.register("linear", "preconditioned_vec", 3, "float64")
    registry.register("linear", "temp", 3, "float64")
    registry.register("newton", "delta", 3, "float64")
    registry.register("newton", "residual", 3, "float64")
    registry.register("newton", "rate", 1, "float64", lifetime="run")
    registry.host("newton", "linear", "linear")
    registry.register("step", "stage_increment", 3, "float64")
    registry.host("step", "newton", "solver")
    registry.register("loop", "state", 3, "float64", lifetime="run")
    registry.host("loop", "step", "step")
    return registry


def descend(registry, path, shared, persistent):
    """Hand the slices of a run down a path of (owner, role of the next)."""
    for owner, role in path:
        outer = shared, persistent
        shared = registry.get_allocator(f"{role}_shared", owner)(*outer)
        persistent = registry.get_allocator(f"{role}_persistent", owner)(*outer)
    return shared, persistent


def test_newton_and_linear_partly_shared_are_disjoint():
    registry = implicit({"newton.delta": "shared", "linear.temp": "shared"})
    assert registry.totals() == Totals(shared=48, persistent=0, local=104)
    run = undefined_memory(48), undefined_memory(0)
    newton = descend(registry, [("loop", "step"), ("step", "solver")], *run)
    linear = descend(registry, [("newton", "linear")], *newton)
    delta = registry.get_allocator("delta", "newton")(*newton)
    temp = registry.get_allocator("temp", "linear")(*linear)
    delta[:] = 1.0
    temp[:] = 2.0
    np.testing.assert_array_equal(delta, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(run[0].view("float64"), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    assert registry.element_sizes("step", "shared") == Sizes(own=0, hosted=6)
    assert registry.element_sizes("newton", "shared") == Sizes(own=3, hosted=3)
    assert len(newton[0]) == 48
    assert len(linear[0]) == 24


@pytest.mark.parametrize(
    ("table", "shared", "persistent", "local"),
    [
        ({}, 0, 0, 19),
        ({"default": "local"}, 0, 0, 19),
        ({"default": "shared"}, 19, 0, 0),
        ({"default": "persistent"}, 0, 19, 0),
        ({"linear.*": "persistent", "newton.delta": "shared", "newton.rate": "shared"}, 4, 6, 9),
    ],
)
def test_sizes_flow_up_from_the_linear_solver_to_the_loop(table, shared, persistent, local):
    registry = implicit(table)
    assert registry.shared_buffer_size("loop") == shared
    assert registry.persistent_local_buffer_size("loop") == persistent
    assert registry.local_buffer_size("loop") == local
    assert registry.totals() == Totals(8 * shared, 8 * persistent, 8 * local)


def test_a_steps_elements_are_its_own_and_its_solvers():
    registry = implicit({"step.*": "shared", "newton.delta": "shared", "linear.temp": "shared"})
    sizes = registry.element_sizes("step", "shared")
    assert (sizes.own, sizes.hosted, sizes.total) == (3, 6, 9)
    assert registry.byte_sizes("step", "shared") == Sizes(own=24, hosted=48)
    assert registry.byte_sizes("step", "local") == Sizes(own=0, hosted=56)


def test_an_explicit_method_has_no_solver_buffers():
    registry = BufferRegistry()
    registry.register("step", "stage_accumulator", 9, "float32")
    registry.host("loop", "step", "step")
    assert [(row.owner, row.name) for row in registry.rows()] == [
        ("loop", "step_shared"),
        ("loop", "step_persistent"),
        ("step", "stage_accumulator"),
    ]
    assert registry.element_sizes("step", "local") == Sizes(own=9, hosted=0)


def test_dtypes_are_aligned_as_in_a_struct():
    registry = BufferRegistry(Locations("persistent"))
    registry.register("step", "factor", 1, "float64")
    registry.register("loop", "flag", 1, "int8")
    registry.register("loop", "count", 1, "int32")
    registry.host("loop", "step", "step")
    registry.register("loop", "mode", 3, "int8")
    offsets = {row.name: row.offset for row in registry.rows() if row.kind == "own"}
    assert offsets == {"flag": 0, "count": 4, "mode": 8, "factor": 16}
    assert registry.byte_sizes("loop", "persistent") == Sizes(own=11, hosted=13)
    assert registry.totals().persistent == 24
    assert registry.element_sizes("loop", "persistent") == Sizes(own=5, hosted=1)


def test_a_region_is_a_multiple_of_its_alignment_so_that_runs_follow_each_other():
    registry = BufferRegistry(Locations("shared"))
    registry.register("loop", "time", 1, "float64")
    registry.register("loop", "count", 1, "int32")
    assert registry.totals().shared == 16


def grouped(lifetime, group, *, location="shared"):
    registry = BufferRegistry(Locations(location))
    registry.register("output", "sums", 5, "float64", lifetime=lifetime)
    registry.register("controller", "errors", 2, "float64")
    registry.register("step", "k", 4, "float64")
    registry.register("loop", "state", 3, "float64")
    registry.host("loop", "step", "step", group=group)
    registry.host("loop", "output", "output", group=group)
    registry.host("loop", "controller", "controller", group=group)
    return registry


@pytest.mark.parametrize(
    ("lifetime", "group", "elements", "offsets"),
    [
        ("call", None, 14, {"state": 0, "k": 24, "sums": 56, "errors": 96}),
        ("call", "turns", 8, {"state": 0, "k": 24, "sums": 24, "errors": 24}),
        ("run", "turns", 12, {"state": 0, "k": 24, "errors": 24, "sums": 56}),
        ("run", None, 14, {"state": 0, "k": 24, "sums": 56, "errors": 96}),
    ],
)
def test_only_call_lived_children_of_a_group_overlap(lifetime, group, elements, offsets):
    registry = grouped(lifetime, group)
    assert registry.shared_buffer_size("loop") == elements
    assert registry.totals().shared == 8 * elements
    assert {row.name: row.offset for row in registry.rows() if row.kind == "own"} == offsets


def test_what_lives_for_the_run_in_one_space_keeps_none_from_overlapping_in_another():
    registry = BufferRegistry(Locations.parse({"default": "shared", "*.kept": "persistent"}))
    for owner in ("first", "second"):
        registry.register(owner, "scratch", 4, "float32")
        registry.register(owner, "kept", 4, "float32", lifetime="run")
        registry.host("loop", owner, owner, group="turns")
    assert registry.totals() == Totals(shared=16, persistent=32, local=0)
    lifetimes = {row.name: row.lifetime for row in registry.rows() if row.kind == "aggregation"}
    assert lifetimes["first_shared"] == "call"
    assert lifetimes["first_persistent"] == "run"


def test_local_arrays_never_overlap():
    assert grouped("call", "turns", location="local").local_buffer_size("loop") == 14


def test_rows_are_in_tree_order_with_absolute_offsets():
    registry = implicit({"newton.delta": "shared", "linear.temp": "shared", "loop.state": "shared"})
    rows = [(row.owner, row.name, row.location, row.bytes, row.offset, row.kind) for row in registry.rows()]
    assert rows == [
        ("loop", "state", "shared", 24, 0, "own"),
        ("loop", "step_shared", "shared", 48, 24, "aggregation"),
        ("loop", "step_persistent", "persistent", 0, 0, "aggregation"),
        ("step", "stage_increment", "local", 24, None, "own"),
        ("step", "solver_shared", "shared", 48, 24, "aggregation"),
        ("step", "solver_persistent", "persistent", 0, 0, "aggregation"),
        ("newton", "delta", "shared", 24, 24, "own"),
        ("newton", "residual", "local", 24, None, "own"),
        ("newton", "rate", "local", 8, None, "own"),
        ("newton", "linear_shared", "shared", 24, 48, "aggregation"),
        ("newton", "linear_persistent", "persistent", 0, 0, "aggregation"),
        ("linear", "preconditioned_vec", "local", 24, None, "own"),
        ("linear", "temp", "shared", 24, 48, "own"),
    ]
    assert dataclasses.asdict(registry.rows()[0]) == {
        "owner": "loop",
        "name": "state",
        "location": "shared",
        "dtype": "float64",
        "elements": 3,
        "bytes": 24,
        "offset": 0,
        "lifetime": "run",
        "kind": "own",
    }


def test_an_allocators_offset_is_from_its_owners_region():
    registry = implicit({"linear.*": "shared", "newton.delta": "shared"})
    temp = registry.get_allocator("temp", "linear")
    assert (temp.offset, temp.nbytes, temp.elements, temp.location) == (24, 24, 3, "shared")
    assert temp.dtype == np.float64
    assert registry.get_allocator("linear_shared", "newton").offset == 24
    assert registry.get_allocator("rate", "newton").lifetime == "run"


def test_a_local_array_is_new_and_undefined_each_time():
    allocator = implicit({}).get_allocator("temp", "linear")
    none = undefined_memory(0)
    first, second = allocator(none, none), allocator(none, none)
    assert first.dtype == np.float64
    assert first.shape == (3,)
    assert np.isnan(first).all()
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_undefined_memory_is_nan(dtype):
    assert np.isnan(undefined_memory(16).view(dtype)).all()


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (np.zeros(47, np.uint8), "bytes 24 to 48 of the shared region, which has only 47"),
        (np.zeros(6), "one-dimensional array of uint8"),
        (np.zeros((1, 48), np.uint8), "one-dimensional array of uint8"),
    ],
)
def test_an_allocator_refuses_what_is_not_its_owners_region(region, message):
    allocator = implicit({"linear.*": "shared"}).get_allocator("temp", "linear")
    with pytest.raises(ValueError, match=message):
        allocator(region, undefined_memory(0))


def test_empty_buffers_occupy_nothing_and_keep_nobody_apart():
    registry = BufferRegistry(Locations("shared"))
    registry.register("loop", "flag", 1, "int8")
    registry.register("loop", "nothing", 0, "float64", lifetime="run")
    assert registry.totals().shared == 1
    nothing = registry.get_allocator("nothing", "loop")(undefined_memory(1), undefined_memory(0))
    assert nothing.shape == (0,)
    assert nothing.dtype == np.float64


def test_an_empty_registry_needs_nothing():
    registry = BufferRegistry()
    assert registry.totals() == Totals(0, 0, 0)
    assert registry.rows() == ()
    assert registry.check() == ()


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        (("step", "k", 3, "float64"), {}, "step has a buffer 'k' already"),
        (("step", "a", -1, "float64"), {}, "step.a: -1 is no number of elements"),
        (("step", "a", 2.0, "float64"), {}, "step.a: 2.0 is no number of elements"),
        (("step", "a", True, "float64"), {}, "step.a: True is no number of elements"),
        (("step", "a", 3, "float16"), {}, "step.a: dtype 'float16' is none of float32, float64"),
        (("step", "a", 3, "nonsense"), {}, "step.a: dtype 'nonsense' is none of"),
        (("step", "a", 3, ">f8"), {}, "step.a: dtype '>f8' is none of"),
        (("step", "a", 3, None), {}, "step.a: dtype None is none of"),
        (("step", "a", 3, "float64"), {"lifetime": "forever"}, "step.a: lifetime 'forever'"),
        (("step", "a", 3, "float64"), {"location": "auto"}, "step.a: location 'auto' is none of"),
        (("step", "a.b", 3, "float64"), {}, "step.a.b: names are identifiers"),
        (("st.ep", "a", 3, "float64"), {}, "'st.ep' cannot be an owner"),
        (("step", "solver_shared", 3, "float64"), {}, "step has a buffer 'solver_shared' already"),
    ],
)
def test_registrations_that_cannot_be_are_refused(arguments, keywords, message):
    registry = BufferRegistry()
    registry.register("newton", "delta", 3, "float64")
    registry.host("step", "newton", "solver")
    registry.register("step", "k", 3, "float64")
    with pytest.raises(RegistrationError, match=message.replace("(", r"\(")):
        registry.register(*arguments, **keywords)
    assert registry.names == ("newton.delta", "step.k")


def test_sizes_from_numpy_and_dtype_objects_are_accepted():
    registry = BufferRegistry()
    registry.register("step", "k", np.int64(3), np.float32)
    registry.register("step", "n", 1, np.dtype("int32"))
    assert [row.dtype for row in registry.rows()] == ["float32", "int32"]
    assert registry.local_buffer_size("step") == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("step", "newton", "other"), "'newton' is hosted by 'step' already"),
        (("loop", "newton", "solver"), "'newton' is hosted by 'step' already"),
        (("loop", "neuton", "solver"), "nobody has registered or declared 'neuton' .did you mean \"newton\""),
        (("newton", "step", "step"), "'newton' cannot host 'step', which it is itself a part of"),
        (("step", "step", "step"), "'step' cannot host 'step'"),
        (("step", "linear", "solver"), "step has a buffer 'solver_shared' already"),
        (("newton", "linear", "kept"), "newton has a buffer 'kept_persistent' already"),
        (("newton", "linear", "a b"), "names are identifiers"),
    ],
)
def test_trees_that_cannot_be_are_refused(arguments, message):
    registry = BufferRegistry()
    registry.register("linear", "temp", 3, "float64")
    registry.register("newton", "kept_persistent", 3, "float64")
    registry.host("step", "newton", "solver")
    with pytest.raises(RegistrationError, match=message):
        registry.host(*arguments)


def test_an_owner_without_buffers_can_be_hosted_once_declared():
    registry = BufferRegistry()
    registry.declare("controller")
    registry.host("loop", "controller", "controller")
    assert registry.owners == ("controller", "loop")
    assert registry.get_allocator("controller_shared", "loop").elements == 0


def test_one_owner_receives_the_slices_of_a_run():
    registry = BufferRegistry()
    registry.register("step", "k", 3, "float64")
    registry.register("loop", "state", 3, "float64")
    with pytest.raises(RegistrationError, match="only one owner may be hosted by nobody, not step, loop"):
        registry.totals()
    registry.host("loop", "step", "step")
    assert registry.totals().local == 48


@pytest.mark.parametrize(
    "question",
    [
        BufferRegistry.freeze,
        BufferRegistry.check,
        BufferRegistry.rows,
        BufferRegistry.totals,
        lambda registry: registry.get_allocator("k", "step"),
    ],
)
def test_nothing_can_be_added_once_the_layout_is_in_use(question):
    registry = BufferRegistry()
    registry.register("step", "k", 3, "float64")
    assert registry.shared_buffer_size("step") == 0
    assert not registry.frozen
    question(registry)
    assert registry.frozen
    registry.freeze()
    for addition in (
        lambda: registry.register("step", "a", 3, "float64"),
        lambda: registry.host("loop", "step", "step"),
        lambda: registry.declare("loop"),
    ):
        with pytest.raises(RegistrationError, match="the registry is frozen"):
            addition()
    assert registry.shared_buffer_size("step") == 0


def test_unknown_buffers_and_owners_are_refused_with_what_there_is():
    registry = implicit({})
    with pytest.raises(RegistrationError, match=r"'newton' has no buffer 'delt' \(did you mean \"delta\"\?\)"):
        registry.get_allocator("delt", "newton")
    with pytest.raises(RegistrationError, match=r"'newtn' \(did you mean \"newton\"\?\)"):
        registry.get_allocator("delta", "newtn")
    with pytest.raises(RegistrationError, match="'nobody'"):
        registry.shared_buffer_size("nobody")


@pytest.mark.parametrize("table", [{}, {"default": "shared"}, {"newton.*": "shared", "linear.temp": "persistent"}])
def test_a_registry_can_be_stored(table):
    tree = implicit(table)
    copy = BufferRegistry.from_json(json.loads(json.dumps(tree.as_json())))
    assert copy.frozen
    assert copy.rows() == tree.rows()
    assert copy.totals() == tree.totals()
    assert copy.owners == tree.owners


def test_what_threads_of_a_run_have_in_common_is_in_no_slice():
    registry = BufferRegistry(Locations.parse({"default": "local"}))
    registry.register("inner", "seen", 3, "float64", common=True)
    registry.register("inner", "own", 2, "float64")
    registry.register("loop", "flags", 3, "int32", common=True)
    registry.host("loop", "inner", "solver")
    assert (registry.totals().common, registry.totals().shared, registry.totals().local) == (40, 0, 16)
    found = {row.name: (row.location, row.offset, row.bytes) for row in registry.rows() if row.kind == "own"}
    assert found == {"flags": ("shared", 0, 12), "seen": ("shared", 16, 24), "own": ("local", None, 16)}
    assert [registry.get_allocator(*each).common for each in (("seen", "inner"), ("own", "inner"))] == [True, False]
    assert BufferRegistry.from_json(registry.as_json()).totals() == registry.totals()
