"""Finds what was meant where a text is not TOML, for a hint."""

import re
from collections.abc import Callable
from pathlib import Path

_IMPORT = "a model of another program becomes a model file by: cubie import"
_QUOTES = 'text and expressions stand in straight quotes: "..."'
_COMMENT = "a comment begins with #"
_NAME = 'the name of a state stands alone on the left, as in x = "-k*x"'

#: What a whole text looks like that is in another format, and what to do.
_FORMATS = (
    (re.compile(r"\A\s*<"), f"this is XML; {_IMPORT}"),
    (re.compile(r"\A\s*\{"), "this is JSON, and TOML is needed: [table] on a line of its own, then name = value"),
    (
        re.compile(r"(?m)^[ \t]*(\w+'\s*=|d\w+/dt\s*=(?!\s*[\"'])|(init|par|p|aux)\s+\w+\s*=)"),
        f"this is XPP's; {_IMPORT}",
    ),
    (re.compile(r"(?m)^[ \t]*(model\s+\w+|.*->.*;)"), f"this is Antimony's; {_IMPORT}"),
    (re.compile(r"(?m)^[ \t]*(import|from)\s+\w+|^[ \t]*def\s+\w+\("), "this is Python, and TOML is needed"),
    (re.compile(r"(?m)^\w+:\s*$"), "this is YAML, and TOML is needed: [table] on a line of its own, then name = value"),
)

#: Characters that are looked at: patterns that go back and forth take for ever on what no person wrote.
_LONGEST_TEXT, _LONGEST_LINE = 20_000, 500

_Remedy = str | Callable[[re.Match[str]], str]
#: What a line looks like, without a comment at its end, and what to write instead; the first that fits.
_LINES: tuple[tuple[re.Pattern[str], _Remedy], ...] = (
    (re.compile("[\u2018-\u201f\xab\xbb]"), _QUOTES),
    (re.compile(r"^\s*(//|%|--|!|;|/\*)"), _COMMENT),
    (re.compile(r"^\s*(\w+\[[\d, ]+\])\s*="), lambda found: f'a name with brackets has quotes: "{found[1]}" ='),
    (re.compile(r"=\s*[+-]?[\d.]+\s*%\s*(#|$)"), "write a share of 1, as in 0.5 for 50 %"),
    (re.compile(r"=\s*[+-]?[\d.]+:[\d.]"), "values are a list, or { linspace = [first, last, how many] }"),
    (re.compile(r"=\s*[^\"'#]*?[\w.\"']\s*(//|%|;|!)"), f"{_COMMENT}; each name = value has a line of its own"),
    (re.compile(r"^\s*\w+'+\s*="), _NAME),
    (re.compile(r"^\s*d\w*/d\w+\s*=|^\s*\w+\(.*\)\s*="), _NAME),
    (re.compile(r"^\s*[\w.\"]+\s*:=?"), "write name = value"),
    (re.compile(r"=\s*([+-]?)(\.\d+)"), lambda found: f"write {found[1]}0{found[2]}: digits stand before the point"),
    (re.compile(r"=\s*([+-]?\d+)\.(?!\d)"), lambda found: f"write {found[1]}.0: digits stand after the point"),
    (re.compile(r"=\s*([+-]?\d{1,3}(,\d{3})+)\b"), lambda found: f"write {found[1].replace(',', '')}, without commas"),
    (re.compile(r"=\s*(\d+),(\d+)"), lambda found: f"write {found[1]}.{found[2]}: numbers have a decimal point"),
    (re.compile(r"=\s*([+-]?)0+(\d+)\s*$"), lambda found: f"write {found[1]}{found[2]}: numbers do not begin with 0"),
    (re.compile(r"=\s*(True|False)\b"), lambda found: f"write {found[1].lower()}"),
    (re.compile(r"=\s*(None|null|nil|none)\b"), "leave the line out: what is not given has its default"),
    (re.compile(r"=\s*[+-]?[\d.]+(e[+-]?\d+)?\s+[A-Za-zµ]"), "a number has no unit beside it; units stand in [units]"),
    (re.compile(r"=\s*[+-]?[\d.]+\s*(/|\*|\^|\+|-)"), "write a number; values of a model may be expressions in quotes"),
    (re.compile(r"=\s*\"[^\"]*\\"), r"in double quotes a backslash is written twice; paths have /: models/m.toml"),
    (re.compile(r"=\s*(\"[^\"]*|'[^']*)$"), "the closing quote is missing"),
    (re.compile(r"==\s*(.*)$"), lambda found: f"write = {found[1]}"),
    (re.compile(r"=\s*\[[^\]]*$"), "']' is missing"),
    (re.compile(r"=\s*([+-]?[\d.]+)[eE][+-]?\s*$"), lambda found: f"write {found[1]}e3, with digits behind the e"),
    (re.compile(r"=\s*([+-]?\d{1,3}(?: \d{3})+)\s*$"), lambda found: f"write {found[1].replace(' ', '')}"),
    (re.compile(r"=\s*\{\s*[^=]*\}\s*$"), "braces have name = value; a list of numbers stands in [ ]"),
    (re.compile(r"^\s*\[[^=]*\]\s*="), "a name stands without brackets: name = value"),
    (re.compile(r"^\s*(\w+)\s+([^=\s]+)\s*$"), lambda found: f"write {found[1]} = {found[2]}"),
    (re.compile(r"=\s*$"), "the value is missing after '='"),
    (re.compile(r"^\s*\[[^\]]*$"), "']' is missing"),
    (re.compile(r"=\s*[A-Za-z(_+\-]"), "text and expressions stand in quotes"),
)  # fmt: skip


#: What a parser says of something that was begun and not ended, how it begins, and what is missing.
_UNCLOSED = (
    (re.compile("unclosed array", re.IGNORECASE), re.compile(r"=\s*(\[)"), "']' is missing"),
    (
        re.compile('(unterminated string|expected "[\'"])', re.IGNORECASE),
        re.compile("=\\s*([\"'])"),
        "the closing quote is missing",
    ),
)


def unclosed(message: str, text: str) -> tuple[int, int, str] | None:
    """Return the line and column where something begins that is not ended, and what is missing.

    A parser tells of it far below.

    Parameters
    ----------
    message
        What it says.
    """
    for said, begins, missing in _UNCLOSED:
        if said.match(message):
            lines = enumerate(text.split("\n"), 1)
            found = [
                (number, begun.start(1) + 1) for number, line in lines if (begun := begins.search(line)) and _open(line)
            ]
            return (*found[-1], missing) if found else None
    return None


def _open(line: str) -> bool:
    """Return whether what begins on a line is not ended there."""
    value = line.partition("=")[2].strip()
    return "]" not in value if value.startswith("[") else value.count(value[0]) % 2 == 1


def remedy(text: str, source: str, path: Path) -> str | None:
    """Return what to do about a text that is not TOML.

    Parameters
    ----------
    text, path
        The text, and the file it is in.
    source
        The line on which it ceases to be.
    """
    text, source = text[:_LONGEST_TEXT], source[:_LONGEST_LINE]
    if path.suffix != ".toml" or not re.search(r"(?m)^[ \t]*\[", text):
        for look, told in _FORMATS:
            if look.search(text):
                return told
    for line, told_of_line in _LINES:
        if found := line.search(source):
            return told_of_line if isinstance(told_of_line, str) else told_of_line(found)
    return None
