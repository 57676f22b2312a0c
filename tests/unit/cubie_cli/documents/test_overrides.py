import pytest

from cubie_cli.documents.document import read_document
from cubie_cli.documents.messages import ExitCode, UserError
from cubie_cli.documents.overrides import apply_overrides


@pytest.mark.parametrize(
    ("option", "path", "value"),
    [
        ("a.b=2", ("a", "b"), 2),
        ("a.b = 1e-8", ("a", "b"), 1e-8),
        ("a.b=text", ("a", "b"), "text"),
        ('a.b="2"', ("a", "b"), "2"),
        ("a.b=[1, 2]", ("a", "b"), [1, 2]),
        ("a.b={ linspace = [0, 1, 2] }", ("a", "b"), {"linspace": [0, 1, 2]}),
        ('a."b.c"=2', ("a", "b.c"), 2),
        ("new.table.key=true", ("new", "table", "key"), True),
        ('a.b=""', ("a", "b"), ""),
        ("a.b=x=y", ("a", "b"), "x=y"),
        ("a.b=1\nc=2", ("a", "b"), "1\nc=2"),
    ],
)
def test_an_override_is_toml_or_text(write, option, path, value):
    document = read_document(write("[a]\nb = 1\n"))
    changed = apply_overrides(document, (option,))
    assert changed.get(path) == value
    assert document.data == {"a": {"b": 1}}
    assert str(changed.error("wrong", path)).startswith(f"error: --set {option.splitlines()[0]}")


@pytest.mark.parametrize("option", ["", "a", "a.b", "=1", "a..b=1", "a b=1", "top.x=1", "a#b=1", "[x]\ny=1"])
def test_an_override_that_is_none_is_wrong_usage(write, option):
    with pytest.raises(UserError, match="--set") as caught:
        apply_overrides(read_document(write("top = 1\n")), (option,))
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("option", "message", "hint"),
    [
        ("a.b=", "the value is missing", "an empty text"),
        ("a.b=[x]", "the value is not TOML", "inside of brackets"),
        ("a.b={x}", "the value is not TOML", "inside of brackets"),
    ],
)
def test_a_value_that_is_none_is_told(write, option, message, hint):
    with pytest.raises(UserError) as caught:
        apply_overrides(read_document(write("top = 1\n")), (option,))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_of_overrides_is_laid_over_a_document(write, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('[a]\nb = 2\n[a.deep]\n"c.d" = "x"\n')
    document = read_document(write("[a]\nb = 1\ne = 3\n"))
    changed = apply_overrides(document, (f"@{other}", "a.e=4"))
    assert changed.data == {"a": {"b": 2, "e": 4, "deep": {"c.d": "x"}}}
    error = changed.error("wrong", ("a", "b"))
    assert (error.file, error.line, error.column) == (str(other), 2, 5)
    assert apply_overrides(document, ("a.b=5", f"@{other}")).get(("a", "b")) == 2


def test_a_file_of_overrides_must_fit(write, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[top]\nx = 2\n")
    with pytest.raises(UserError, match="is no table"):
        apply_overrides(read_document(write("top = 1\n")), (f"@{other}",))
    with pytest.raises(UserError, match="no such file"):
        apply_overrides(read_document(write("top = 1\n")), ("@nothing.toml",))


def test_a_mistake_in_a_table_that_an_option_replaces_names_the_option(files):
    files.append_run("[batch]\nvalues.k = [1]\n")
    error = files.refused("batch={ values = { k = [] } }")
    assert str(error).startswith("error: --set batch={ values = { k = [] } }: the axis 'k' has no values")
