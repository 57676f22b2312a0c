import pytest

from cubie_cli.batches.selection import select_runs
from cubie_cli.documents.messages import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, range(5)), ("0", range(1)), ("4", range(4, 5)), ("1:3", range(1, 3)), ("0:5", range(5))],
)
def test_runs_are_all_or_those_that_are_named(text, expected):
    assert select_runs(text, 5) == expected


@pytest.mark.parametrize("text", ["", "all", "-1", "1:", ":2", "2:2", "3:2", "5", "4:6", "1.0"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="--runs"):
        select_runs(text, 5)
