"""The README says what the repository does: its commands are those that are checked, its files those that are there."""

import re

from support.pages import ROOT, blocks, pages

from cubie_cli.main import app
from cubie_cli.plots.kind import Kind

README = ROOT / "README.md"


def test_the_checks_run_the_second_command_of_the_readme():
    first, second = [block.text.strip() for block in blocks(README) if block.language == "sh"][:2]
    assert "cubie run configs/lorenz.toml" in first
    assert second.endswith(".venv/bin/pytest -n 2")
    assert second in (ROOT / ".ci" / "run").read_text().splitlines()


def test_links_lead_to_files():
    for page in [ROOT / "CONTRIBUTING.md", *pages()]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith("made/"):  # those that are made from the code
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_and_every_kind_of_picture_is_documented():
    text = "\n".join(page.read_text() for page in pages())
    for command in app.registered_commands:
        assert f"cubie {command.name}" in text, command.name
    for kind in Kind:
        assert f"\n| `{kind}` | " in (ROOT / "docs" / "plots.md").read_text(), kind
