import pytest

from cubie_cli.documents.document import Document
from cubie_cli.documents.globs import chosen_names, is_glob, matching
from cubie_cli.documents.messages import UserError

KNOWN = ("gut", "dose_a", "plasma", "dose_b", "Dose")


def chosen(*entries):
    return chosen_names(Document("run.toml", "", {}), ("states",), entries, KNOWN, "state")


def test_globs_match_in_the_order_of_the_model():
    assert is_glob("dose*")
    assert not is_glob("dose_a")
    assert matching("dose*", KNOWN) == ["dose_a", "dose_b"]
    assert matching("[dp]*", KNOWN) == ["dose_a", "plasma", "dose_b"]
    assert matching("?ose", KNOWN) == ["Dose"]


def test_a_name_is_chosen_once():
    assert list(chosen("plasma", "dose*", "dose_b", "*a*")) == ["plasma", "dose_a", "dose_b"]
    assert chosen("gut", "dose*") == {"gut": ("states", 0), "dose_a": ("states", 1), "dose_b": ("states", 1)}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (("gutt",), "the model has no state 'gutt'"),
        (("gut*", "x*"), r"no state matches 'x\*'"),
        (("gut", "gut"), "'gut' is given twice"),
        (("g*", "g*"), r"'g\*' is given twice"),
    ],
)
def test_names_that_choose_nothing(entries, words):
    with pytest.raises(UserError, match=words):
        chosen(*entries)
