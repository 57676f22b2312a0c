"""Names that are given, or matched by globs: dose* is every name that begins with dose."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from cubie_cli.documents.document import Document
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean

_SIGNS = frozenset("*?[")


def is_glob(text: str) -> bool:
    """Return whether a text is no name, but matches some."""
    return not _SIGNS.isdisjoint(text)


def matching(glob: str, known: Sequence[str]) -> list[str]:
    """Return the names that a glob matches, in their own order."""
    return [name for name in known if fnmatchcase(name, glob)]


def chosen_names(
    document: Document,
    path: KeyPath,
    entries: Sequence[str],
    known: Sequence[str],
    what: str,
    besides: Sequence[str] = (),
) -> dict[str, KeyPath]:
    """Return the names that a list of names and globs chooses, and the place of each.

    Those of a glob are in the order of the model; a name that is chosen already is not chosen again.

    Parameters
    ----------
    document, path
        Where the list is.
    entries
        What it has.
    known
        All names there are.
    what
        What they name.
    besides
        Names that no glob matches, and that are none though they look like one.

    Raises
    ------
    UserError
        For a name that is not known or given twice, and a glob that matches nothing.
    """
    found: dict[str, KeyPath] = {}
    for index, entry in enumerate(entries):
        place: KeyPath = (*path, index)
        several = is_glob(entry) and entry not in besides
        names = matching(entry, known) if several else [entry]
        if not names or not (several or entry in known or entry in besides):
            hint = did_you_mean(entry.strip("*?"), known) or f"the model has no {what}s" * (not known) or None
            message = f"no {what} matches {entry!r}" if several else f"the model has no {what} {entry!r}"
            raise document.error(message, place, "key", hint)
        if entry in entries[:index]:
            raise document.error(f"{entry!r} is given twice", place)
        found |= {name: place for name in names if name not in found}
    return found
