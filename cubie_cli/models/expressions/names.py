"""What the names of an expression may stand for, and the refusal of those that stand for nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.suggestions import did_you_mean, nearest
from cubie_cli.models.expressions.nodes import Call, Element, Name, Node
from cubie_cli.models.expressions.syntax import NoFunctionError, quoted, read
from cubie_cli.models.expressions.tokens import ARGUMENTS, OVER_INDEX, RESERVED, SLOPE, ExpressionError
from cubie_cli.models.expressions.vectors import Vector

_OF_RUNS = ("t0", "t1", "dt")


@dataclass(frozen=True)
class Scope:
    """What the names of expressions stand for.

    Parameters
    ----------
    symbols
        Quantities, elements of vectors and `t` by their names: a symbol or a finite number. All know `pi`.
    slopes
        What `der` of a state stands for, likewise; nothing where it has no meaning.
    vectors
        Vectors by their names.
    """

    symbols: Mapping[str, Any]
    slopes: Mapping[str, Any] = field(default_factory=dict)
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    _checked: set[tuple[Node, tuple[str, ...]]] = field(default_factory=set)

    def read(self, text: str, indices: Collection[str]) -> Node:
        """Return the tree of an expression whose names are checked; see `check`."""
        try:
            node = read(text)
        except NoFunctionError as error:
            if error.name in self.vectors:
                raise _called(self.vectors[error.name], error.offset) from None
            if self.means(error.name) or error.name in indices:
                raise
            known = [*ARGUMENTS, *OVER_INDEX]
            hint = told_of("function", error.name) or _hint(error.name, known) or f"known: {' '.join(known)}"
            raise ExpressionError(f"unknown function {quoted(error.name)}", error.offset, hint) from None
        self.check(node, indices)
        return node

    def check(self, node: Node, indices: Iterable[str]) -> None:
        """Refuse names that stand for nothing, and what is used for what it is not.

        Parameters
        ----------
        node
            The tree of an expression.
        indices
            Names of indices that are known.

        Raises
        ------
        ExpressionError
            With the first of them.
        """
        known = tuple(indices)
        if (node, known) not in self._checked:
            _Check(self).check(node, known)
            self._checked.add((node, known))

    def means(self, name: str) -> bool:
        """Return whether a name is that of a quantity."""
        return name in self.symbols or name in self.vectors


class Over(NamedTuple):
    """What is computed over an index: its name, the first and the last value where they are given, and of what."""

    running: Name
    bounds: tuple[Node, ...]
    body: Node


def over(call: Call, scope: Scope, indices: Iterable[str]) -> Over | None:
    """Return what a call computes over an index; None for a function of its arguments."""
    if call.name in scope.symbols or len(call.arguments) not in {2, 4}:
        return None
    index, *bounds, body = call.arguments
    if not isinstance(index, Name):
        return None
    free = not scope.means(index.text) and index.text not in indices
    if call.name in OVER_INDEX or (call.name in {"min", "max"} and free and _has_index(body, index.text)):
        return Over(index, tuple(bounds), body)
    return None


def _has_index(node: Node, name: str) -> bool:
    """Return whether a name is in an index of a part of an expression."""
    inside = node.indices if isinstance(node, Element) else ()
    return any(name in names_in(each) for each in inside) or any(_has_index(part, name) for part in node.parts)


def names_in(node: Node) -> Iterator[str]:
    """Yield the names in an expression."""
    if isinstance(node, Name):
        yield node.text
    for part in node.parts:
        yield from names_in(part)


def count_over(of: Over, scope: Scope) -> int:
    """Return how many values an index takes that has no bounds: that of the vectors it is an index of.

    Raises
    ------
    ExpressionError
        Where that is none, or more than one.
    """
    name = of.running.text
    counts = sorted(set(_counts(of.body, name, scope)))
    if len(counts) == 1:
        return counts[0]
    wrong = "is no index of a vector here" if not counts else f"takes {' and '.join(map(str, counts))} values here"
    hint = f"say from where to where it goes, as in sum({name}, 0, 9, ...)"
    raise ExpressionError(f"{name!r} {wrong}", of.running.offset, hint)


def _counts(node: Node, name: str, scope: Scope) -> Iterable[int]:
    """Yield the lengths of the dimensions of vectors that a name alone is the index of."""
    if isinstance(node, Element) and node.text in scope.vectors:
        for index, count in zip(node.indices, scope.vectors[node.text].shape, strict=False):
            if isinstance(index, Name) and index.text == name:
                yield count
    for part in node.parts:
        yield from _counts(part, name, scope)


class _Check:
    """Walks a tree; one method a kind of node that has a name."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def check(self, node: Node, indices: Sequence[str]) -> None:
        """Refuse what stands for nothing in a tree."""
        if isinstance(node, Name):
            self._name(node, indices)
        elif isinstance(node, Element):
            self._element(node, indices)
        elif isinstance(node, Call):
            self._call(node, indices)
        else:
            self._parts(node.parts, indices)

    def _parts(self, parts: Iterable[Node], indices: Sequence[str]) -> None:
        for part in parts:
            self.check(part, indices)

    def _name(self, node: Name, indices: Sequence[str]) -> None:
        name, scope = node.text, self._scope
        if name in indices or name in scope.symbols or name == "pi":
            return
        if name in scope.vectors:
            vector = scope.vectors[name]
            element = vector.general if set(vector.indices) <= set(indices) else vector.told.split()[0]
            hint = f"write an element of it, {element}; it has {vector.told}"
            raise ExpressionError(f"{name!r} is a vector, and a number is needed here", node.offset, hint)
        raise ExpressionError(f"undefined name {quoted(name)}", node.offset, self._hint_for_name(name, indices))

    def _hint_for_name(self, name: str, indices: Sequence[str]) -> str | None:
        if name in OVER_INDEX:
            return f"write {name}(j, u[j])"
        if any(name in vector.indices for vector in self._scope.vectors.values()):
            return "an index has a value in what is written for a vector, and within sum(i, ...)"
        scalars = [each for each in self._scope.symbols if not each.endswith("]")]
        known = [*indices, *scalars, *self._scope.vectors, *ARGUMENTS]
        other_case = next((f"did you mean {each!r}?" for each in known if each.lower() == name.lower()), None)
        near = other_case or told_of("name", name) or told_of("function", name) or _hint(name, known)
        return near or f"give {quoted(name)} a value in [parameters] or [constants]"

    def _element(self, node: Element, indices: Sequence[str]) -> None:
        vector = self._scope.vectors.get(node.text)
        if vector is None:
            if node.text not in self._scope.symbols:
                self._name(Name(node.offset, node.text), indices)
            message = f"'[' does not belong here: {quoted(node.text)} is no vector"
            group = "brackets that group are round, as in 2*(x + y)"
            other = f"a vector is written as {node.text} = {{ size = 10, value = 0.0 }}"
            raise ExpressionError(message, node.bracket, f"{group}; {other}")
        given, wanted = len(node.indices), len(vector.shape)
        if given != wanted:
            message = f"{node.text!r} has {_counted(wanted)}, {given} given"
            raise ExpressionError(message, node.bracket, f"write {vector.general}")
        for index in node.indices:
            if isinstance(index, Name) and not self._scope.means(index.text) and index.text not in (*indices, "pi"):
                example = vector.told.split()[0] if not indices else f"{node.text}[{', '.join(indices)}]"
                hint = f"write {example}; a letter counts within sum({index.text}, ...)"
                raise ExpressionError(f"undefined index {quoted(index.text)}", index.offset, hint)
        self._parts(node.indices, indices)

    def _call(self, node: Call, indices: Sequence[str]) -> None:
        if node.name in self._scope.vectors:
            raise _called(self._scope.vectors[node.name], node.offset)
        if self._scope.means(node.name):
            raise NoFunctionError(node.name, node.offset)
        if node.name == SLOPE:
            self._slope(node, indices)
            return
        found = over(node, self._scope, indices)
        if found:
            self._over(found, indices)
            return
        if node.name in OVER_INDEX:
            hint = f"as in {node.name}(j, u[j]), or {node.name}(j, 0, 9, ...) for j from 0 to 9"
            raise ExpressionError(f"{node.name!r} takes an index, and what is computed for each", node.offset, hint)
        self._parts(node.arguments, indices)
        _check_count(node)

    def _over(self, found: Over, indices: Sequence[str]) -> None:
        name = found.running.text
        if self._scope.means(name) or name in (*indices, *RESERVED, *OVER_INDEX):
            message = f"{quoted(name)} has a meaning already, and cannot be the index here"
            raise ExpressionError(message, found.running.offset, "choose another letter")
        self._parts(found.bounds, indices)
        self.check(found.body, [*indices, name])
        if not found.bounds:
            count_over(found, self._scope)

    def _slope(self, node: Call, indices: Sequence[str]) -> None:
        slopes = self._scope.slopes
        if not slopes:
            message = "der(...), the right-hand side of a state, stands in observables and events only"
            raise ExpressionError(message, node.offset, "write what stands on the right of its equation")
        state = node.arguments[0] if len(node.arguments) == 1 else None
        if isinstance(state, Name) and state.text in slopes:
            return
        vector = self._scope.vectors.get(state.text) if isinstance(state, Name | Element) else None
        if vector is not None and isinstance(state, Element) and vector.table == "states":
            self._element(state, indices)
            return
        hint = f"as in der({next(iter(slopes))})"
        if isinstance(state, Name):
            whole = vector is not None and vector.table == "states"
            hint = f"write der({vector.general})" if vector and whole else _hint(state.text, slopes) or hint
        offset = node.arguments[0].offset if node.arguments else node.offset
        raise ExpressionError("der takes the name of a state", offset, hint)


def _called(vector: Vector, offset: int) -> ExpressionError:
    message = f"{quoted(vector.name)} is a vector, and no function"
    return ExpressionError(message, offset, f"an index stands in square brackets: {vector.general}")


_BASES = "log(x) is the natural one; log10(x), log2(x), and log(x)/log(b) have other bases"
_SAMPLE = ("x", "y", "z")


def _check_count(node: Call) -> None:
    fewest, most = ARGUMENTS[node.name]
    given = len(node.arguments)
    if given < fewest or (most is not None and given > most):
        wanted = f"at least {fewest}" if most is None else str(fewest)
        plural = "" if wanted == "1" else "s"
        hint = _BASES if node.name == "log" else f"as in {node.name}({', '.join(_SAMPLE[:fewest])})"
        raise ExpressionError(f"{node.name!r} takes {wanted} argument{plural}, {given} given", node.offset, hint)


def _counted(count: int) -> str:
    return "1 index" if count == 1 else f"{count} indices"


def _hint(name: str, known: Iterable[str]) -> str | None:
    if name in _OF_RUNS:
        return f"{name} is a setting of the run, and no name here: write its number, or a parameter"
    near = nearest(name, known)
    return did_you_mean(name, [near]) if near else None
