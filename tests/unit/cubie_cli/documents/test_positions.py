import tomllib

from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.documents.positions import string_offsets


@given(st.lists(st.sampled_from(["a", "\\n", "\\\\", '\\"', "\\u00e9", "\\U0001F600", "\\\n  ", "\n", "\u00e9", "'"])))
def test_offsets_match_the_value(pieces):
    raw = f'"""{"".join(pieces)}"""'
    value = tomllib.loads(f"k = {raw}")["k"]
    offsets = string_offsets(raw)
    assert len(offsets) == len(value) + 1
    assert offsets == sorted(offsets)
    for character, offset in zip(value, offsets, strict=False):
        assert raw[offset] in (character, "\\")
