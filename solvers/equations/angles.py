"""Sines and cosines of many sums of few angles: products of those of the angles.

Oscillators that are coupled each to each have a sine for each pair, of the difference of two phases: n*(n - 1)/2, which
2*n sines and cosines make. What each takes of all others is then one sum for all, less its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import sympy

from solvers.equations.functions import is_turned
from solvers.equations.rewriting import distinct

#: Sines and cosines of sums, over angles, from which on they are made of products: two functions an angle, and two
#: multiplications a sum, where a function takes 24 operations and more.
FEWEST_SUMS = 3
#: Terms with an angle in common from which on they are gathered, and terms of what is gathered from which on it is
#: looked at whether others have nearly the same.
FEWEST_TERMS, FEWEST_ALIKE = 4, 8

_KINDS = (sympy.sin, sympy.cos)

Named = tuple[sympy.Symbol, sympy.Expr]
#: Terms of a sum, all of which are sines and cosines, or the negatives of such.
Terms = frozenset[sympy.Expr]


class Angles(NamedTuple):
    """Two angles whose sum a function is of."""

    first: sympy.Expr
    second: sympy.Expr


class Rewritten(NamedTuple):
    """Expressions, what they use by names, and before all that sums that many have nearly in common."""

    expressions: list[sympy.Expr]
    named: list[Named]
    sums: list[Named]


def with_products(
    expressions: Sequence[sympy.Expr], named: Sequence[Named], name: Callable[[sympy.Expr], sympy.Expr] | None = None
) -> Rewritten:
    """Return expressions with products in place of sines and cosines of sums, where that pays.

    Parameters
    ----------
    named
        Symbols defined by expressions that those may use.
    name
        Returns what is to stand for a sine or a cosine, where any is rewritten; None: it stands for itself.
    """
    everything = [*expressions, *(each for _, each in named)]
    names = {symbol for symbol, _ in named}
    nodes = list(distinct(everything))
    functions = [each for each in nodes if isinstance(each, _KINDS) and names.isdisjoint(each.free_symbols)]
    angles = sums_of_angles(functions)
    if not angles:
        return Rewritten([*expressions], [*named], [])
    sines = _Sines(name or (lambda function: function))
    gathered = {node: found for node in nodes if node.is_Add and (found := _gather(node, angles, sines))}
    shared = _Shared(terms for each in gathered.values() for _, _, terms in each.parts)
    rewriting = _Rewriting(sines, {**dict.fromkeys(functions), **angles}, gathered, shared)
    rest = [rewriting.of(each) for each in everything]
    symbols, count = (symbol for symbol, _ in named), len(expressions)
    return Rewritten(rest[:count], [*zip(symbols, rest[count:], strict=True)], shared.named)


def sums_of_angles(functions: Iterable[sympy.Expr]) -> Mapping[sympy.Expr, Angles]:
    """Return the sines and cosines, among some, that are better made of products, and of which angles' sum they are."""
    sums = [each for each in functions if each.args[0].is_Add]
    if not sums:
        return {}
    common = Counter(_size(term) for each in sums for term in each.args[0].args)
    found = {each: _parted(each.args[0], common) for each in sums}
    angles = {_size(angle) for pair in found.values() for angle in pair}
    return found if len(found) >= FEWEST_SUMS * len(angles) else {}


class _Sines:
    """Sines and cosines of angles, each looked at once.

    Parameters
    ----------
    name
        Returns what is to stand for one.
    """

    def __init__(self, name: Callable[[sympy.Expr], sympy.Expr]) -> None:
        self._name = name
        self._known: dict[sympy.Expr, tuple[sympy.Expr, sympy.Expr]] = {}

    def of(self, angle: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Return the sine and the cosine of an angle."""
        if angle not in self._known:
            self._known[angle] = self.spelled(sympy.sin(angle)), self.spelled(sympy.cos(angle))
        return self._known[angle]

    def spelled(self, value: sympy.Expr) -> sympy.Expr:
        """Return what is to stand for a sine or a cosine, or the negative of one."""
        number, function = value.as_coeff_Mul()
        return number * self._name(function) if isinstance(function, _KINDS) else value

    def products(self, function: sympy.Expr, angles: Angles) -> sympy.Expr:
        """Return a sine or a cosine of a sum by sines and cosines of its angles."""
        (sine, cosine), (other_sine, other_cosine) = map(self.of, angles)
        if isinstance(function, sympy.sin):
            return sine * other_cosine + cosine * other_sine
        return cosine * other_cosine - sine * other_sine


def _parted(total: sympy.Expr, common: Mapping[sympy.Expr, int]) -> Angles:
    """Return the rarest term of a sum by itself: what many sums have goes with another, one that has its sign."""
    lead = min(total.args, key=lambda term: (-common[_size(term)], sympy.default_sort_key(term)))

    def rarity(term: sympy.Expr) -> tuple[int, bool, tuple[object, ...]]:
        turned = term.could_extract_minus_sign() != lead.could_extract_minus_sign()
        return -common[_size(term)], turned, sympy.default_sort_key(term)

    *terms, rarest = sorted(total.args, key=rarity)
    return Angles(sympy.Add(*terms), rarest)


def _size(angle: sympy.Expr) -> sympy.Expr:
    """Return an angle, or its negative: functions of both are one."""
    return -angle if is_turned(angle) else angle


# -- sums of them -------------------------------------------------------------------------------


class _Gathered(NamedTuple):
    """A sum whose terms' common angle is in front of the rest.

    Parameters
    ----------
    rest
        Terms that have no such angle.
    parts
        What sums of sines and cosines are multiplied with, a function of the angle and a number, and their terms.
    """

    rest: Sequence[sympy.Expr]
    parts: Sequence[tuple[sympy.Expr, sympy.Expr, Terms]]

    def spelled(self, rest: Iterable[sympy.Expr], shared: "_Shared") -> sympy.Expr:
        """Return the sum anew, given what becomes of the rest."""
        products = [function * number * shared.total(terms) for function, number, terms in self.parts]
        return sympy.Add(*rest, *products)


def _gather(total: sympy.Expr, angles: Mapping[sympy.Expr, Angles], sines: _Sines) -> _Gathered | None:
    """Return a sum whose terms have an angle in common, gathered; None where they have none, or differ in factors."""
    if len(total.args) < FEWEST_TERMS:
        return None
    members = [(number, rest) for number, rest in (term.as_coeff_Mul() for term in total.args) if rest in angles]
    sizes = Counter(_size(angle) for _, function in members for angle in angles[function])
    if len(members) < FEWEST_TERMS or len({abs(number) for number, _ in members}) > 1:
        return None
    common, count = max(sizes.items(), key=lambda pair: (pair[1], sympy.default_sort_key(pair[0])))
    if count < len(members):
        return None
    of_sines, of_cosines = [], []
    for number, function in members:
        first, second = angles[function]
        other, own = (first, second) if _size(second) == common else (second, first)
        sign = number / abs(number)
        if own != common:
            # sin(other - common) = -sin(common - other)
            other, sign = -other, -sign if isinstance(function, sympy.sin) else sign
        sine, cosine = sines.of(other)
        of_cosine, of_sine = (sine, cosine) if isinstance(function, sympy.sin) else (cosine, -sine)
        of_cosines.append(sign * of_cosine)
        of_sines.append(sign * of_sine)
    number, kept = abs(members[0][0]), {function for _, function in members}
    rest = [term for term in total.args if term.as_coeff_Mul()[1] not in kept]
    sine, cosine = sines.of(common)
    return _Gathered(rest, [_part(cosine, number, of_cosines), _part(sine, number, of_sines)])


def _part(
    function: sympy.Expr, number: sympy.Expr, terms: Sequence[sympy.Expr]
) -> tuple[sympy.Expr, sympy.Expr, Terms]:
    """Return a part of a sum in which most terms have no minus sign."""
    negative = sum(term.could_extract_minus_sign() for term in terms)
    if 2 * negative > len(terms):
        return function, -number, frozenset(-term for term in terms)
    return function, number, frozenset(terms)


class _Shared:
    """Sums of many terms that differ in few: one for all, and the difference.

    Sines and cosines are no larger than 1, so that what is added and taken away again costs no more digits than the
    number of terms has.

    Parameters
    ----------
    sums
        The terms of each.
    """

    def __init__(self, sums: Iterable[Terms]) -> None:
        self._families: list[list[Terms]] = []
        for terms in sums:
            if len(terms) >= FEWEST_ALIKE:
                self._put(terms)
        self._bases = [_frequent(family) for family in self._families]
        symbols = [sympy.Symbol(f"sum{k}", real=True) for k in range(len(self._bases))]
        self.named: list[Named] = [
            (symbol, sympy.Add(*sorted(base, key=sympy.default_sort_key)))
            for symbol, base in zip(symbols, self._bases, strict=True)
        ]

    def _put(self, terms: Terms) -> None:
        for family in self._families:
            if _are_alike(terms, family[0]):
                family.append(terms)
                return
        self._families.append([terms])

    def total(self, terms: Terms) -> sympy.Expr:
        """Return the sum of some terms."""
        for (symbol, _), base in zip(self.named, self._bases, strict=True):
            if _are_alike(terms, base):
                return sympy.Add(symbol, *(terms - base), *(-term for term in base - terms))
        return sympy.Add(*terms)


def _frequent(family: Sequence[Terms]) -> Terms:
    """Return the terms that half of some sums have."""
    counts = Counter(term for terms in family for term in terms)
    return frozenset(term for term, count in counts.items() if 2 * count >= len(family))


def _are_alike(first: Terms, second: Terms) -> bool:
    """Return whether sums differ in few terms."""
    return 4 * len(first ^ second) <= len(first | second)


class _Rewriting:
    """Rewrites expressions, equal parts of them once.

    Parameters
    ----------
    functions
        Sines and cosines, and the angles that they are made of products of; None: they stay.
    gathered
        What sums become.
    """

    def __init__(
        self,
        sines: _Sines,
        functions: Mapping[sympy.Expr, Angles | None],
        gathered: Mapping[sympy.Expr, _Gathered],
        shared: _Shared,
    ) -> None:
        self._done: dict[sympy.Basic, sympy.Basic] = {}
        self._sines = sines
        self._functions = functions
        self._gathered = gathered
        self._shared = shared

    def of(self, node: sympy.Basic) -> sympy.Basic:
        """Return an expression, or a part of one, rewritten."""
        if not node.args:
            return node
        if node not in self._done:
            self._done[node] = self._new(node)
        return self._done[node]

    def _new(self, node: sympy.Basic) -> sympy.Basic:
        if node in self._gathered:
            found = self._gathered[node]
            return found.spelled(map(self.of, found.rest), self._shared)
        if node in self._functions:
            angles = self._functions[node]
            return self._sines.products(node, angles) if angles else self._sines.spelled(node)
        arguments = [self.of(argument) for argument in node.args]
        same = all(new is old for new, old in zip(arguments, node.args, strict=True))
        return node if same else node.func(*arguments)
