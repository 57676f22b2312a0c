"""The README says what the repository does: its commands are those that are checked, its files those that are there."""

import re
from pathlib import Path

import pytest

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
