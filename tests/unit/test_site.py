"""The site builds without a warning, with a page for each command."""

import subprocess
import sys

from support.pages import ROOT

from cubie_cli.main import app


def test_the_site_builds_without_a_warning(tmp_path):
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*build, ROOT / "docs", tmp_path / "site"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for command in app.registered_commands:
        page = (tmp_path / "site" / "made" / "commands" / f"{command.name}.html").read_text()
        assert f"<h1>cubie {command.name}<" in page
        assert "Show this message and exit." in page
