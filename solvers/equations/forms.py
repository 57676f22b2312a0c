"""The form of an expression, apart from what stands in it: equal for equations that differ in numbers and indices."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import sympy

#: Terms of one form from which on a sum is a loop.
FEWEST_TERMS = 4
#: The kind of a leaf that is a number.
NUMBER = "#"


class Leaf(NamedTuple):
    """What stands at a place of a form: a number, or a quantity by its kind and position."""

    kind: str
    value: float


class Form(NamedTuple):
    """An expression as its form and what stands in it.

    Parameters
    ----------
    key
        Equal for equal forms.
    leaves
        Numbers and quantities, in the order of their places.
    sums
        For each long sum its terms, which are of one form.
    build
        Makes the expression anew of iterators over expressions for leaves, and for long sums.
    """

    key: str
    leaves: tuple[Leaf, ...]
    sums: tuple[tuple["Form", ...], ...]
    build: Callable[[Iterator[Any], Iterator[Any]], Any]


#: What puts leaves that stand at places of one form into an order.
Rank = Callable[[Leaf], float]


def form_of(expression: Any, quantities: Mapping[Any, Leaf], rank: Rank | None = None) -> Form:
    """Return an expression's form; `quantities` are the symbols that count as leaves.

    Operands of sums and products are sorted by their forms, so that their order does not tell equations apart; those of
    one form by the ranks of their leaves. Where there are ranks no sum is a long one.
    """
    if expression in quantities or expression.is_Number or expression.is_NumberSymbol:
        return _of_leaf(quantities.get(expression) or Leaf(NUMBER, float(expression)))
    if not expression.args:
        return Form(str(expression), (), (), lambda *_: expression)
    if expression.is_Add:
        return _form_of_sum(expression, quantities, rank)
    if expression.is_Pow and expression.exp.is_Number:
        power = expression.exp
        base = form_of(expression.base, quantities, rank)
        return _composed(lambda base: sympy.Pow(base, power), f"power {power}", [base])
    if expression.is_Mul and expression.args[0] is sympy.S.NegativeOne:
        rest = form_of(expression.func(*expression.args[1:]), quantities, rank)
        return _composed(lambda rest: -rest, "minus", [rest])
    parts = [form_of(each, quantities, rank) for each in expression.args]
    if expression.is_Mul:
        parts = _sorted(parts, rank)
    return _composed(expression.func, type(expression).__name__, parts)


def _sorted(parts: Iterable[Form], rank: Rank | None) -> list[Form]:
    """Return operands whose order does not matter, sorted."""
    return sorted(parts, key=lambda part: (part.key, tuple(map(rank, part.leaves)) if rank else ()))


@cache
def _of_leaf(leaf: Leaf) -> Form:
    return Form(leaf.kind, (leaf,), (), lambda leaves, _: next(leaves))


def _composed(make: Callable[..., Any], name: str, parts: Sequence[Form]) -> Form:
    def build(leaves: Iterator[Any], sums: Iterator[Any]) -> Any:
        return make(*[part.build(leaves, sums) for part in parts])

    key = f"{name}({', '.join(part.key for part in parts)})"
    return Form(key, _joined(part.leaves for part in parts), _joined(part.sums for part in parts), build)


def _joined(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(each for part in parts for each in part)


def _form_of_sum(expression: Any, quantities: Mapping[Any, Leaf], rank: Rank | None) -> Form:
    """Return a sum's form, in which many terms that differ in leaves and factors are a long sum."""
    if rank:
        return _composed(sympy.Add, "add", _sorted((form_of(each, quantities, rank) for each in expression.args), rank))
    alike: dict[str, list[tuple[Any, Form]]] = defaultdict(list)
    for term in expression.args:
        factor, rest = term.as_coeff_Mul()
        inner = form_of(rest, quantities)
        scaled = _composed(sympy.Mul, "times", [_of_leaf(Leaf(NUMBER, float(factor))), inner])
        alike[inner.key].append((term, scaled))
    parts = []
    for terms in alike.values():
        forms = tuple(form for _, form in terms)
        if len(forms) >= FEWEST_TERMS and not forms[0].sums:
            parts.append(Form(f"sum({forms[0].key})", (), (forms,), lambda _, sums: next(sums)))
        else:
            parts += [form_of(term, quantities) for term, _ in terms]
    return _composed(sympy.Add, "add", _sorted(parts, None))
