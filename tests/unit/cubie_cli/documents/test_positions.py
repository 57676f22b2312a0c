import tomllib

from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.documents.positions import locate, string_offsets


@given(st.lists(st.sampled_from(["a", "\\n", "\\\\", '\\"', "\\u00e9", "\\U0001F600", "\\\n  ", "\n", "\u00e9", "'"])))
def test_offsets_match_the_value(pieces):
    raw = f'"""{"".join(pieces)}"""'
    value = tomllib.loads(f"k = {raw}")["k"]
    offsets = string_offsets(raw)
    assert len(offsets) == len(value) + 1
    assert offsets == sorted(offsets)
    for character, offset in zip(value, offsets, strict=False):
        assert raw[offset] in (character, "\\")


ARRAYS = """\
[[event]]
name = "a"
at = [1.0, { every = 2 }]
[[event]]
name = "b"
[event.set]
x = "1"
[[ event ]]
"""


def test_tables_in_an_array_are_told_apart():
    spans = locate(ARRAYS)
    lines = {path: ARRAYS.count("\n", 0, span.key) + 1 for path, span in spans.items()}
    assert [lines["event", index] for index in range(3)] == [1, 4, 8]
    assert [lines["event", index, "name"] for index in range(2)] == [2, 5]
    assert lines["event", 0, "at", 1, "every"] == 3
    assert lines["event", 1, "set"] == 6
    assert lines["event", 1, "set", "x"] == 7
    assert ARRAYS[spans["event", 2].key :] == "event ]]\n"
