"""What stands in fenced blocks of Markdown pages: commands, files and programs, and what these print."""

import doctest
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<words>\w[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the `key=value` words behind it, and its text."""

    line: int
    language: str
    words: dict[str, str]
    text: str


@dataclass(frozen=True)
class Command:
    line: str
    output: str


def pages():
    """Return all pages but those that are made from the code."""
    found = sorted((ROOT / "docs").rglob("*.md"))
    return [ROOT / "README.md", *(page for page in found if ROOT / "docs" / "made" not in page.parents)]


def blocks(page):
    """Return the fenced blocks of a page that have a language, in their order."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["words"].split()
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(line, language, dict(word.split("=", 1) for word in words), match["text"]))
    return found


def commands(text):
    """Return the commands of a console block, the lines that begin with a dollar, each with what it prints."""
    joined = text.replace("\\\n", " ")
    _, *parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)
    return [Command(*part.split("\n", 1)) for part in parts]


def agrees(shown, printed):
    """Tell whether a page shows what was printed: `...` stands for anything, blanks count as one."""
    return doctest.OutputChecker().check_output(shown, printed, _LOOSELY)


def laid_over(whole, part):
    """Return the text of a model with the tables of a part: its lines take the place of those of the same key."""
    for header, body in _tables(part):
        if header in dict(_tables(whole)) and not header.startswith("[["):
            keys = [line.partition("=")[0].strip() for line in body.splitlines() if "=" in line]
            before, after = re.split(rf"^{re.escape(header)}.*\n", whole, maxsplit=1, flags=re.MULTILINE)
            table, following = re.match(r"((?:(?!\[).*\n)*)(.*)", after, re.DOTALL).groups()
            kept = [line for line in table.splitlines() if line.partition("=")[0].strip() not in keys]
            whole = "\n".join([f"{before}{header}", body, *kept, following])
        else:
            whole += f"\n{header}\n{body}"
    return whole


def _tables(text):
    """Return the tables of a TOML text, each with its header."""
    _, *parts = re.split(r"^(\[.*\])[ #]*.*\n", text, flags=re.MULTILINE)
    return list(zip(parts[::2], parts[1::2], strict=True))
