"""The order in which definitions that refer to each other are made."""

from collections.abc import Iterable, Mapping, Sequence

from cubie_cli.models.expressions.tokens import SLOPE, tokens


class CircleError(ValueError):
    """Definitions refer to each other in a circle.

    Parameters
    ----------
    names
        The circle, from one name back to it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(" -> ".join(names))
        self.name = names[0]


def used_names(text: str, known: Iterable[str]) -> list[str]:
    """Return which of some names an expression refers to, each once; raise `ExpressionError` for what is none."""
    names = set(known)
    return [name for name in dict.fromkeys(each.text for each in tokens(text) if each.kind == "name") if name in names]


def used_slopes(text: str) -> list[str]:
    """Return the names of the states of which an expression has the right-hand side."""
    words = [each.text for each in tokens(text)]
    return [name for word, _, name in zip(words, words[1:], words[2:], strict=False) if word == SLOPE]


def in_order_of_use(uses: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return names with each after those it needs, otherwise as given.

    Parameters
    ----------
    uses
        For each name those that it needs, of the same names.

    Raises
    ------
    CircleError
        Where there is no such order.
    """
    ordered: dict[str, None] = {}
    for name in uses:
        chain = [name]
        while chain:
            waiting = next((used for used in uses[chain[-1]] if used not in ordered), None)
            if waiting in chain:
                raise CircleError([*chain[chain.index(waiting) :], waiting])
            if waiting is not None:
                chain.append(waiting)
            else:
                ordered[chain.pop()] = None
    return tuple(ordered)
