"""Mistakes about buffers: a component's while it registers, a user's in the `[buffers]` table."""

from collections.abc import Iterable
from difflib import get_close_matches


class RegistrationError(ValueError):
    """A component registered, hosted or asked for something that cannot be."""


class LocationError(ValueError):
    """An entry of the `[buffers]` table cannot be read.

    Parameters
    ----------
    key
        The key as the user wrote it, so that its line can be found.
    problem
        What is wrong.
    remedy
        What to do about it.
    """

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.key = key
        self.problem = problem
        self.remedy = remedy


class UnknownBufferError(LocationError):
    """A key of the `[buffers]` table matches no buffer of any method.

    Parameters
    ----------
    key
        The key as the user wrote it.
    names
        The names that are valid here.
    suggestion
        The name or glob that was probably meant, or None.
    """

    def __init__(self, key: str, names: tuple[str, ...], suggestion: str | None) -> None:
        subject = "no buffer matches" if is_glob(key) else "there is no buffer"
        valid = f"the buffers are {', '.join(names)}" if names else "this solver has no buffers"
        super().__init__(key, f'{subject} "{key}"{did_you_mean(suggestion)}', valid)
        self.names = names
        self.suggestion = suggestion


def is_glob(key: str) -> bool:
    """Whether a key is a pattern rather than a name."""
    return any(character in key for character in "*?[")


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like a word, or None where none is like it."""
    matches = get_close_matches(word, list(candidates), n=1)
    return matches[0] if matches else None


def did_you_mean(suggestion: str | None) -> str:
    """Return the question that ends a message, or nothing without a suggestion."""
    return f' (did you mean "{suggestion}"?)' if suggestion else ""
