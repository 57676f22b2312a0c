"""Help ends with examples that are right, and the man page is that of the commands as they are."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from cubie_cli.commands.manual import CODES, closing, man_page
from cubie_cli.documents.messages import ExitCode
from cubie_cli.main import COMMANDS, app

ROOT = Path(__file__).parents[4]
GROUP = typer.main.get_command(app)


def plain(page):
    """Return a page without the brackets around choices and types, which are not the same in all versions of Typer."""
    return re.sub(r"[<>\[\]]", "", page)


def test_the_man_page_is_made_of_the_commands_as_they_are():
    made = (ROOT / "man" / "cubie.1").read_text(encoding="utf-8")
    assert plain(made) == plain(man_page(app)), "python man/make.py makes it anew"
    for name, command in GROUP.commands.items():
        assert f".SS {name}".replace("-", r"\-") in made
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert option.replace("-", r"\-") in made


def test_the_wheel_brings_the_man_page():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared["man/cubie.1"] == "share/man/man1/cubie.1"


def test_all_exit_codes_are_told():
    assert {code for code in CODES if code.isdigit()} == {str(int(code)) for code in ExitCode}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_examples_and_pages(name):
    told = "\n".join(closing(name, 80))
    examples = re.findall(r"^   (cubie .*)$", told, re.MULTILINE)
    assert examples
    for example in examples:
        program, command, *words = shlex.split(example.partition(" > ")[0])
        assert program == "cubie"
        GROUP.commands[command].make_context(command, words)  # refuses options and values that there are not
    assert any(example.startswith(f"cubie {name} ") for example in [f"{each} " for each in examples])
    pages = re.findall(r"docs/\S+\.md", told)
    assert len(pages) > 1
    assert all((ROOT / page).is_file() for page in pages)


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("name", ["run", "plot", "memory-report"])
def test_help_is_as_wide_as_the_terminal_and_breaks_no_example(capsys, monkeypatch, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit):
        app([name, "--help"])
    lines = capsys.readouterr().out.splitlines()
    examples = [line for line in closing(name, width) if line.startswith("   cubie ")]
    assert set(examples) <= set(lines)
    assert max(len(line.rstrip()) for line in lines if line not in examples) <= width
