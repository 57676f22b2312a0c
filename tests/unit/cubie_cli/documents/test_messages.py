import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.documents.messages import OutputError, UserError, counted, size


def test_a_message_has_place_line_caret_and_hint(write):
    path = write('[solve]\nrtol = "x"\n')
    error = read_document(path).error("a number is needed", ("solve", "rtol"), hint="take the quotes away")
    assert str(error) == (f'{path}:2:8: a number is needed\n    rtol = "x"\n           ^\n  hint: take the quotes away')


def test_a_long_line_is_cut_and_keeps_its_caret(write):
    document = read_document(write(f'k = "{"x" * 5000}!{"y" * 5000}"'))
    lines = str(document.error("wrong", ("k",), offset=5000)).splitlines()
    assert max(map(len, lines[1:])) < 120
    assert lines[1][lines[2].index("^")] == "!"


def test_messages_hold_no_control_characters(write):
    document = read_document(write('k = "\\u001b[2J"'))
    assert "\x1b" not in str(document.error(f"wrong {document.data['k']}", ("k",)))


def test_kinds_of_errors_have_their_exit_codes():
    assert UserError("x").exit_code == 3
    assert UserError("x", exit_code=6).exit_code == 6
    assert OutputError("x").exit_code == 5
    assert str(UserError("no place")) == "error: no place"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1023 * 1024, "1023 KiB"), (1 << 30, "1 GiB")],
)
def test_sizes_are_readable(count, text):
    assert size(count) == text


def test_one_is_one():
    assert [counted(count, "run") for count in (0, 1, 2, 2400)] == ["0 runs", "1 run", "2 runs", "2,400 runs"]
