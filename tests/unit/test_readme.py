"""The README says what the repository does: its commands are those that are checked, its files those that are there."""

import re
from pathlib import Path

import pytest

from cubie_cli.main import app
from cubie_cli.plots.kind import Kind

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_checks_run_the_second_command_of_the_readme():
    first, second = [line for block in blocks("sh")[:2] for line in block.splitlines()]
    assert "cubie run configs/lorenz.toml" in first
    assert second.endswith(".venv/bin/pytest -n 2")
    assert second in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.parametrize("name", ["configs/models/lorenz.toml", "configs/lorenz.toml"])
def test_the_readme_shows_a_file_as_it_is(name):
    assert (ROOT / name).read_text() in blocks("toml")


def test_links_lead_to_files():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_and_every_kind_of_picture_is_documented():
    text = "\n".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    for command in app.registered_commands:
        assert f"cubie {command.name}" in text, command.name
    for kind in Kind:
        assert f"\n| `{kind}` | " in (ROOT / "docs" / "plots.md").read_text(), kind
