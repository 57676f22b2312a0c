"""Reading TOML: places of keys, values and characters in strings, and files that are no TOML."""

import os

import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.documents.messages import ExitCode, UserError

TEXT = """\
# comment with \u00fcml\u00e4uts: 'x'
top = 1
a.b.c = 2
"quo ted" = {p = 1, q.r = [10, 20, {z = "s"}]}
[t]
k = 'lit'
[t."u.v"]
k = 3
[[many]]
n = 1
[[many]]
n = 2
[many.sub]
m = 3
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("top",), (2, 1), (2, 7)),
        (("a", "b", "c"), (3, 1), (3, 9)),
        (("a", "b"), (3, 3), (3, 9)),
        (("quo ted",), (4, 1), (4, 13)),
        (("quo ted", "p"), (4, 14), (4, 18)),
        (("quo ted", "q", "r"), (4, 21), (4, 27)),
        (("quo ted", "q", "r", 1), (4, 32), (4, 32)),
        (("quo ted", "q", "r", 2, "z"), (4, 37), (4, 41)),
        (("t",), (5, 2), (5, 2)),
        (("t", "k"), (6, 1), (6, 5)),
        (("t", "u.v", "k"), (8, 1), (8, 5)),
        (("many", 0, "n"), (10, 1), (10, 5)),
        (("many", 1, "n"), (12, 1), (12, 5)),
        (("many", 1, "sub", "m"), (14, 1), (14, 5)),
        (("t", "missing"), (5, 2), (5, 2)),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_and_value_has_a_place(write, path, key, value, newline):
    document = read_document(write(TEXT.replace("\n", newline)))
    for at, place in (("key", key), ("value", value)):
        error = document.error("wrong", path, at)
        assert (error.line, error.column) == place
        assert error.source == TEXT.splitlines()[error.line - 1]


@pytest.mark.parametrize(
    ("literal", "character", "place"),
    [
        ('"abc"', "b", (1, 7)),
        ("'a\\b'", "b", (1, 8)),
        ('"\\u0041\\tb"', "b", (1, 14)),
        ('"""\nab"""', "b", (2, 2)),
        ('"""a\\\n   b"""', "b", (2, 4)),
        ("'''\na\nb'''", "b", (3, 1)),
        ('"\u00e4b"', "b", (1, 7)),
    ],
)
def test_a_character_of_a_string_has_a_place(write, literal, character, place):
    document = read_document(write(f"k = {literal}\n"))
    error = document.error("wrong", ("k",), offset=document.data["k"].index(character))
    assert (error.line, error.column) == place


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", None, "empty"),
        (b" \n\n", None, "empty"),
        (b"\x00\x01\x02", None, "binary"),
        (b"\x7fELF\xff\xfe", 1, "UTF-8"),
        (b"a = 1\nb = '\xff'\n", 2, "UTF-8"),
        (b"a = 1\na = 2\n", 2, "twice"),
        (b"[a]\n[b]\n[a]\n", 3, "twice"),
        (b"a = \n", 1, "not valid TOML"),
        (b"a = 1\nx y\n", 2, "not valid TOML"),
        (b"a = abc\n", 1, "not valid TOML"),
        (b"a = " + b"[" * 3000, None, "nested"),
        (b"a = " + b"9" * 5000, None, "number"),
    ],
)
def test_what_is_no_toml_is_refused(write, content, line, words):
    with pytest.raises(UserError, match=words) as caught:
        read_document(write(content))
    assert caught.value.line == line
    assert caught.value.exit_code == ExitCode.INPUT


def test_a_byte_order_mark_is_no_part_of_the_text(write):
    document = read_document(write(b"\xef\xbb\xbfa = 1\n"))
    assert document.data == {"a": 1}
    assert document.error("wrong", ("a",)).column == 5


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "directory"),
        (tmp_path / "pipe", "regular"),
        (tmp_path / "none" / "x", "no such file"),
        (tmp_path / ("x" * 300), "name too long"),
        ("nul\0", "no file name"),
    ):
        with pytest.raises(UserError, match=f"(?i){words}"):
            read_document(type(tmp_path)(path))


def test_newer_toml_is_read_even_where_places_are_not_known(write):
    document = read_document(write("a = {\n  b = 1,\n  c = 2,\n}\nd = 3\n"))
    assert document.data == {"a": {"b": 1, "c": 2}, "d": 3}
    assert document.error("wrong", ("d",)).line == 5
    escaped = read_document(write('a = "\\e"\n'))
    assert escaped.data == {"a": "\x1b"}
    assert str(escaped.error("wrong", ("a",))) == f"{escaped.path}: wrong"
