"""Finds the name that was probably meant, for a hint."""

from collections.abc import Iterable
from difflib import get_close_matches

#: Lists up to this length are shown whole where nothing is near.
_SHORT_LIST = 16


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like another, the letters' case aside."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower()[:200], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint: the nearest known name, or else all known names where they are few."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f"did you mean {near!r}?"
    if names and len(names) <= _SHORT_LIST:
        return f"known here: {', '.join(names)}"
    return None
