import pytest

from buffers import BufferRegistry, LocationError, Locations, UnknownBufferError


def test_table_is_read_in_the_order_written():
    locations = Locations.parse({"default": "persistent", "newton.delta": "shared", "linear.*": "local"})
    assert locations == Locations("persistent", (("newton.delta", "shared"), ("linear.*", "local")))


def test_empty_table_is_the_default():
    assert Locations.parse({}) == Locations()
    assert Locations().resolve("newton.delta") == "local"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"newton.delta": "shared", "newton.*": "persistent"}, "shared"),
        ({"newton.*": "persistent", "newton.delta": "shared"}, "shared"),
        ({"newton.*": "persistent", "*.delta": "shared"}, "shared"),
        ({"*.delta": "shared", "newton.*": "persistent"}, "persistent"),
        ({"newton.delt?": "shared"}, "shared"),
        ({"newton.[cd]elta": "shared"}, "shared"),
        ({"linear.*": "shared"}, "local"),
        ({"NEWTON.*": "shared"}, "local"),
        ({"default": "persistent"}, "persistent"),
        ({"default": "persistent", "*": "shared"}, "shared"),
    ],
)
def test_exact_beats_glob_and_later_glob_beats_earlier(table, expected):
    assert Locations.parse(table).resolve("newton.delta") == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, "persistent"),
        ({"default": "auto"}, "persistent"),
        ({"default": "local"}, "local"),
        ({"newton.*": "shared"}, "shared"),
        ({"newton.delta": "shared"}, "shared"),
    ],
)
def test_a_components_own_location_is_what_auto_means(table, expected):
    assert Locations.parse(table).resolve("newton.delta", "persistent") == expected


@pytest.mark.parametrize(
    ("table", "key", "parts"),
    [
        (
            {"newton.delta": "shard"},
            "newton.delta",
            ["'shard'", 'did you mean "shared"', "local, shared, persistent"],
        ),
        ({"newton.delta": "auto"}, "newton.delta", ["'auto'", "local, shared, persistent"]),
        ({"newton.delta": 1}, "newton.delta", ["is 1"]),
        ({"newton.delta": ["shared"]}, "newton.delta", ["['shared']"]),
        ({"default": "gpu"}, "default", ["'gpu'", "auto, local, shared, persistent"]),
        ({"newton": {"delta": "shared"}}, "newton", ["is a table", '"newton.delta" = "shared"']),
    ],
)
def test_what_is_no_location_is_refused_with_its_key(table, key, parts):
    with pytest.raises(LocationError) as caught:
        Locations.parse(table)
    assert caught.value.key == key
    for part in parts:
        assert part in str(caught.value)


def newton_only(table):
    registry = BufferRegistry(Locations.parse(table))
    registry.register("newton", "delta", 3, "float64")
    registry.register("newton", "residual", 3, "float64")
    return registry


ELSEWHERE = frozenset({"newton.delta", "linear.temp", "linear.preconditioned_vec"})


def test_keys_for_other_methods_are_reported_in_the_order_written():
    table = {"linear.temp": "shared", "newton.*": "shared", "linear.*": "persistent", "newton.delta": "local"}
    assert newton_only(table).check(ELSEWHERE) == ("linear.temp", "linear.*")


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("newton.delt", "newton.delta"),
        ("newton.residul", "newton.residual"),
        ("linear.tmp", "linear.temp"),
        ("residual", "newton.residual"),
        ("newtn.*", "newton.*"),
        ("liner.*", "linear.*"),
        ("zzz", None),
        ("Newton.*", "newton.*"),
    ],
)
def test_unknown_keys_are_refused_with_names_and_a_suggestion(key, suggestion):
    with pytest.raises(UnknownBufferError) as caught:
        newton_only({"newton.delta": "shared", key: "shared"}).check(ELSEWHERE)
    assert caught.value.key == key
    assert caught.value.names == ("newton.delta", "newton.residual")
    assert caught.value.suggestion == suggestion
    message = str(caught.value)
    assert f'"{key}"' in message
    assert "the buffers are newton.delta, newton.residual" in message
    assert ("did you mean" in message) == (suggestion is not None)


def test_a_name_known_elsewhere_must_be_said_to_be_known():
    with pytest.raises(UnknownBufferError):
        newton_only({"linear.temp": "shared"}).check()


def test_aggregation_buffers_are_nobodys_to_place():
    registry = newton_only({"step.solver_shared": "local"})
    registry.host("step", "newton", "solver")
    with pytest.raises(UnknownBufferError):
        registry.check()


def test_a_solver_without_buffers_says_so():
    with pytest.raises(UnknownBufferError, match="this solver has no buffers"):
        BufferRegistry(Locations.parse({"newton.delta": "shared"})).check()
