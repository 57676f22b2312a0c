"""Quantities that nothing uses."""

from cubie_cli.models.unused import unused


def test_what_nothing_uses_is_found(files):
    files.edit_model("k = 3.0", "k = 3.0\nspare = 1.0\nstart = 2.0\nlevel = 1.0")
    files.edit_model("x = 1.0", 'x = "start"')
    files.edit_model("c = 4.0", "c = 4.0\nother = 1.0")
    assert unused(files.load().model) == ("spare", "level", "other")
    assert unused(files.load().model, ["2*spare"]) == ("level", "other")


def test_events_use_and_names_in_words_do_not(files):
    files.edit_model("k = 3.0", "k = 3.0\nlevel = 1.0\nset = 1.0\nup = 2.0")
    with files.model.open("a") as file:
        file.write('[[events]]\nname = "hit"\nwhen = "x - level"\ndirection = "up"\nset = { y = "2*y" }\n')
    assert unused(files.load().model) == ("set", "up")
