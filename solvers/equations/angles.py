"""Sines and cosines of many sums of few angles: products of those of the angles.

Oscillators that are coupled each to each have a sine for each pair, of the difference of two phases: n*(n - 1)/2, which
2*n sines and cosines make. What each takes of all others is then one sum for all, less its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sympy

#: Sines and cosines of sums, over angles, from which on they are made of products: two functions an angle, and two
#: multiplications a sum, where a function takes 24 operations and more.
FEWEST_SUMS = 3
#: Terms with an angle in common from which on they are gathered, and terms of what is gathered from which on it is
#: looked at whether others have nearly the same.
FEWEST_TERMS, FEWEST_ALIKE = 4, 8

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


def with_products(expressions: Sequence[sympy.Expr], named: Sequence[Named]) -> Rewritten:
    """Return expressions with products in place of sines and cosines of sums, where that pays.

    Parameters
    ----------
    named
        Symbols defined by expressions that those may use.
    """
    everything = [*expressions, *(each for _, each in named)]
    names = {symbol for symbol, _ in named}
    functions = set[sympy.Expr]().union(*(each.atoms(sympy.sin, sympy.cos) for each in everything))
    angles = sums_of_angles(each for each in functions if names.isdisjoint(each.free_symbols))
    if not angles:
        return Rewritten([*expressions], [*named], [])
    nodes = (node for each in everything for node in sympy.preorder_traversal(each) if node.is_Add)
    gathered = [found for total in dict.fromkeys(nodes) if (found := _gather(total, angles))]
    shared = _Shared(terms for each in gathered for _, _, terms in each.parts)
    put = {each.total: each.spelled(shared) for each in gathered}
    rest = [each.xreplace(put) for each in everything]
    left = angles.keys() & set[sympy.Expr]().union(*(each.atoms(sympy.sin, sympy.cos) for each in rest))
    products = {function: as_products(function, angles[function]) for function in left}
    rest = [each.xreplace(products) for each in rest]
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


def as_products(function: sympy.Expr, angles: Angles) -> sympy.Expr:
    """Return a sine or a cosine of a sum by sines and cosines of its angles."""
    (sine, cosine), (other_sine, other_cosine) = ((sympy.sin(angle), sympy.cos(angle)) for angle in angles)
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
    return -angle if angle.could_extract_minus_sign() else angle


# -- sums of them -------------------------------------------------------------------------------


class _Gathered(NamedTuple):
    """A sum whose terms' common angle is in front of the rest.

    Parameters
    ----------
    total
        As it is.
    rest
        Terms that have no such angle.
    parts
        What sums of sines and cosines are multiplied with, a function of the angle and a number, and their terms.
    """

    total: sympy.Expr
    rest: Sequence[sympy.Expr]
    parts: Sequence[tuple[sympy.Expr, sympy.Expr, Terms]]

    def spelled(self, shared: "_Shared") -> sympy.Expr:
        """Return the sum anew."""
        products = [function * number * shared.total(terms) for function, number, terms in self.parts]
        return sympy.Add(*self.rest, *products)


def _gather(total: sympy.Expr, angles: Mapping[sympy.Expr, Angles]) -> _Gathered | None:
    """Return a sum whose terms have an angle in common, gathered; None where they have none, or differ in factors."""
    members = [(number, rest) for number, rest in (term.as_coeff_Mul() for term in total.args) if rest in angles]
    sizes = Counter(_size(angle) for _, function in members for angle in angles[function])
    if len(members) < FEWEST_TERMS or len({abs(number) for number, _ in members}) > 1:
        return None
    common, count = max(sizes.items(), key=lambda pair: (pair[1], sympy.default_sort_key(pair[0])))
    if count < len(members):
        return None
    sines, cosines = [], []
    for number, function in members:
        first, second = angles[function]
        other, own = (first, second) if _size(second) == common else (second, first)
        sign = number / abs(number)
        if own != common:
            # sin(other - common) = -sin(common - other)
            other, sign = -other, -sign if isinstance(function, sympy.sin) else sign
        sine, cosine = sympy.sin(other), sympy.cos(other)
        of_cosine, of_sine = (sine, cosine) if isinstance(function, sympy.sin) else (cosine, -sine)
        cosines.append(sign * of_cosine)
        sines.append(sign * of_sine)
    number, kept = abs(members[0][0]), {function for _, function in members}
    rest = [term for term in total.args if term.as_coeff_Mul()[1] not in kept]
    parts = [_part(sympy.cos(common), number, cosines), _part(sympy.sin(common), number, sines)]
    return _Gathered(total, rest, parts)


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
