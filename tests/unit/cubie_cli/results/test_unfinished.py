"""Journals of unfinished results: one that is damaged is not believed, and leads to no other file."""

import json

import pytest

from cubie_cli.results.destination import temporary_beside
from cubie_cli.results.unfinished import Journal, find_unfinished, forget, journal_of


@pytest.fixture
def begun(tmp_path):
    result = tmp_path / "result.h5"
    part = temporary_beside(result)
    part.write_bytes(b"values")
    Journal(result, part, {"the model": "a"}, [range(3)]).close(keep=True)
    return result


def with_line(result, line):
    path = journal_of(result)
    path.write_text(f"{path.read_text()}{line}\n")
    return find_unfinished(result)


def test_what_is_left_is_found(begun):
    assert with_line(begun, '{"runs": [5, 9]}').finished == (range(3), range(5, 9))


@pytest.mark.parametrize(
    "line",
    [
        *('{"runs": [2, 5]}', '{"runs": [5, 3]}', '{"runs": [-3, -1]}', '{"runs": [9, 3, -1]}', '{"runs": [0.5, 2]}'),
        *(f'{{"runs": [5, {2**70}]}}', '{"runs": 3}', '{"runs": {}}', "7", "null", "[" * 100_000),
    ],
)
def test_a_damaged_line_makes_the_journal_useless(begun, line):
    assert with_line(begun, line) is None


def test_a_journal_that_names_another_file_is_not_followed(begun):
    other = begun.with_name("thesis.txt")
    other.write_text("years of work")
    path = journal_of(begun)
    header, *entries = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(header) | {"part": other.name}), *entries, ""]))
    assert find_unfinished(begun) is None
    forget(begun)
    assert other.read_text() == "years of work"
