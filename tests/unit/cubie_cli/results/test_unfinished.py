"""Journals of unfinished results: one that is damaged is not believed, and leads to no other file."""

import json
import zlib

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
    path.write_text(f"{path.read_text()}{line}\t{zlib.crc32(line.encode()):08x}\n")
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
def test_a_line_without_sense_makes_the_journal_useless(begun, line):
    assert with_line(begun, line) is None


def test_what_follows_a_damaged_line_is_not_believed(begun):
    for line in ('{"runs": [5, 9]}', '{"runs": [10, 12]}'):
        found = with_line(begun, line)
    assert found.runs == 3 + 4 + 2
    path = journal_of(begun)
    path.write_text(path.read_text().replace("[5, 9]", "[5, 8]"))
    assert find_unfinished(begun).finished == (range(3),)
    path.write_text(path.read_text()[3:])
    assert find_unfinished(begun) is None


def test_a_journal_that_names_another_file_is_not_followed(begun):
    other = begun.with_name("thesis.txt")
    other.write_text("years of work")
    path = journal_of(begun)
    header, *entries = path.read_text().splitlines()
    changed = json.dumps(json.loads(header.partition("\t")[0]) | {"part": other.name})
    path.write_text("\n".join([f"{changed}\t{zlib.crc32(changed.encode()):08x}", *entries, ""]))
    assert find_unfinished(begun) is None
    forget(begun)
    assert other.read_text() == "years of work"
