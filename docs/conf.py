"""The documentation as a site: `python -m sphinx -W docs build/site`."""

import json
import re
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx

project = "cubie"
extensions = ["myst_parser"]
exclude_patterns = ["build"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "cubie"
html_show_sphinx = False

PAGES = Path(__file__).parent
MADE = PAGES / "made"
COMMANDS = MADE / "commands"


def setup(app: Sphinx) -> None:
    """Have the pages that are made from the code written before any page is read."""
    app.connect("builder-inited", lambda _app: (write_commands(), write_methods()))


def write_commands() -> None:
    """Write a page for each command from what its `--help` says, and a page that lists them."""
    COMMANDS.mkdir(parents=True, exist_ok=True)
    described = command_texts()
    for name, text in described.items():
        _write(COMMANDS / f"{name}.md", f"# cubie {name}\n\n{text}\n{_where_used(name)}")
    listed = "\n".join(["```{toctree}", *described, "```"])
    _write(COMMANDS / "index.md", f"# Commands\n\nWhat `cubie COMMAND --help` prints, a page a command.\n\n{listed}\n")


def command_texts() -> dict[str, str]:
    """Return what Typer writes of each command, as Markdown."""
    document = _printed("typer", "cubie_cli.main", "utils", "docs", "--name", "cubie")
    _, *parts = re.split(r"^## `cubie (\S+)`\n", document, flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def write_methods() -> None:
    """Write a page with the methods of integration and where each comes from."""
    methods = json.loads(_printed("cubie_cli", "algorithms", "--json"))["algorithms"]
    lines = ["# Methods of integration", "", "| method | family | order | stages | source |", "|---|---|---|---|---|"]
    for method in methods:
        order = f"{method['order']}({method['embedded_order'] or '-'})"
        lines.append(f"| `{method['name']}` | {method['family']} | {order} | {method['stages']} | {method['source']} |")
    lines += [
        "",
        "Beside the order stands that of the estimate of the error; `-`: there is none, and steps are fixed.",
        "",
    ]
    _write(MADE / "methods.md", "\n".join(lines))


def _printed(module: str, *arguments: str) -> str:
    """Return what a module prints that is run as a program."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _where_used(name: str) -> str:
    """Return links to the pages that use a command."""
    texts = {page: page.read_text() for page in sorted(PAGES.rglob("*.md")) if MADE not in page.parents}
    used = [
        f"- [{text.partition(chr(10))[0].lstrip('# ')}](../../{page.relative_to(PAGES)})"
        for page, text in texts.items()
        if re.search(rf"^\$ cubie {name}\b", text, re.MULTILINE)
    ]
    return "\n".join(["\n**Used in**:\n", *used, ""]) if used else ""


def _write(page: Path, text: str) -> None:
    """Leave a page alone that says so already, so that Sphinx need not read it again."""
    if not page.exists() or page.read_text() != text:
        page.write_text(text)
