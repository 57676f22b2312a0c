"""Names that the language of expressions has room for, made of those of a source."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from cubie_cli.configurations.job import RESULT_NAMES
from cubie_cli.documents.tables import LONGEST_NAME
from cubie_cli.models.expressions.tokens import RESERVED

_ROOM_FOR_COUNT = 8


def legal_names(wanted: Iterable[str], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """Return a legal name for each of some names, which differ; what is legal stays.

    Parameters
    ----------
    wanted
        Names of the source, each once.
    taken
        Names that are not free.
    """
    names = list(wanted)
    used = {*RESERVED, *RESULT_NAMES, *taken}
    found = {name: name for name in names if name == _legal(name) and name not in used}
    used.update(found.values())
    for name in names:
        if name not in found:
            found[name] = _free(_legal(name), used)
            used.add(found[name])
    return found


def _free(name: str, used: set[str]) -> str:
    candidates = (name, f"{name}_", *(f"{name}_{count}" for count in range(2, len(used) + 3)))
    return next(each for each in candidates if each not in used)


def _legal(name: str) -> str:
    """Return a name of ASCII letters, digits and `_`, a digit not first."""
    spelled = "".join(map(_ascii, unicodedata.normalize("NFKD", name)))
    plain = re.sub("[^A-Za-z0-9_]+", "_", spelled)[: LONGEST_NAME - _ROOM_FOR_COUNT] or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def _ascii(char: str) -> str:
    """Return a letter in ASCII: a Greek one by its name, of another with an accent the letter."""
    if char.isascii():
        return char
    if unicodedata.combining(char):
        return ""
    known = re.fullmatch("GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(char, ""))
    if known is None:
        return "_"
    return known[2].lower() if known[1] == "SMALL" else known[2].capitalize()
