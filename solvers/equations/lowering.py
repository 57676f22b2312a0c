"""From SymPy expressions to programs of straight-line arithmetic.

Equal subexpressions are computed once, a denominator of many quotients is inverted once, and sums of products become
chains of fused multiply-adds.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.codegen.cfunctions import log1p, log10
from sympy.logic.boolalg import BooleanAtom

from solvers.equations import functions
from solvers.equations.angles import with_products
from solvers.equations.depth import deep_recursion
from solvers.equations.early import TimeFirst
from solvers.equations.exponentials import multiples
from solvers.equations.program import Program, Step, literals
from solvers.equations.rewriting import distinct, product

#: Powers up to this magnitude are multiplied out.
LARGEST_MULTIPLIED_POWER = 16

#: From so many quotients on, a denominator that they have in common is inverted once.
FEWEST_SHARING = 3

_OPERATIONS: Mapping[type, str] = {
    functions.exp: "exp",
    functions.expm1: "expm1",
    sympy.log: "log",
    log10: "log10",
    log1p: "log1p",
    functions.log2: "log2",
    functions.cbrt: "cbrt",
    functions.hypot: "hypot",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.asin: "asin",
    sympy.acos: "acos",
    sympy.atan: "atan",
    functions.atan2: "atan2",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.tanh: "tanh",
    sympy.asinh: "asinh",
    sympy.acosh: "acosh",
    sympy.atanh: "atanh",
    sympy.floor: "floor",
    sympy.ceiling: "ceil",
    sympy.sign: "sign",
    sympy.erf: "erf",
    sympy.Abs: "abs",
    functions.minimum: "min",
    functions.maximum: "max",
    functions.at_least: "max",
    sympy.Not: "not",
    sympy.StrictLessThan: "<",
    functions.near: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
    sympy.Equality: "==",
    sympy.Unequality: "!=",
}


def compile_program(
    symbols: Sequence[sympy.Symbol],
    expressions: Sequence[sympy.Expr],
    named: Sequence[tuple[sympy.Symbol, sympy.Expr]] = (),
    time_first: TimeFirst | None = None,
) -> Program:
    """Return a program that computes expressions.

    Parameters
    ----------
    symbols
        The inputs, in the order in which `Program.evaluate` takes their values.
    expressions
        What is computed.
    named
        Symbols defined by expressions, each over the inputs and earlier ones.
    time_first
        Tells what to compute early, in float64; None: nothing.
    """
    with deep_recursion():
        return _Compiler(symbols, named, expressions, time_first).compile()


def number_of(expression: sympy.Expr, values: Mapping[sympy.Symbol, float]) -> float:
    """Return an expression's value, as a kernel computes it, for values of its symbols."""
    program = compile_program([*values], [expression])
    with np.errstate(all="ignore"):
        (found,) = program.evaluate([np.float64(value) for value in values.values()], literals(0.0, "float64"))
    return float(found)


class _Compiler:
    def __init__(
        self,
        symbols: Sequence[sympy.Symbol],
        named: Sequence[tuple[sympy.Symbol, sympy.Expr]],
        expressions: Sequence[sympy.Expr],
        time_first: TimeFirst | None,
    ) -> None:
        self._symbols = symbols
        self._time_first = time_first
        expressions, named, sums = with_products([*map(sympy.sympify, expressions)], named)
        named = [*sums, *named]
        self._expressions = expressions
        everything = map(sympy.sympify, (*expressions, *(expression for _, expression in named)))
        self._products = {each for each in distinct(everything) if isinstance(each, (sympy.Mul, functions.exp))}
        self._multiples = multiples(each for each in self._products if isinstance(each, functions.exp))
        self._steps: list[Step] = []
        self._constants: dict[int, float] = {}
        self._size = len(symbols)
        self._known: dict[Any, int] = {symbol: slot for slot, symbol in enumerate(symbols)}
        for symbol, expression in named:
            self._known[symbol] = self._compile(expression)
            if time_first:
                time_first.define(symbol, expression)

    def compile(self) -> Program:
        results = tuple(self._compile(expression) for expression in self._expressions)
        steps = self._with_shared_reciprocals()
        early = self._time_first.slots(self._symbols, steps) if self._time_first else ()
        return Program(self._size, tuple(self._constants.items()), steps, results, early)

    def _with_shared_reciprocals(self) -> tuple[Step, ...]:
        """Return the steps, where what many numerators are divided by is inverted once.

        A division takes as long as many multiplications, and on a GPU as many instructions; but only a division gives
        x/x = 1 for every x. So what is rounded to a whole number stays a division.
        """
        rounded = {step.operands[0] for step in self._steps if step.operation in {"floor", "ceil"}}
        quotients = [step for step in self._steps if step.operation == "divide" and step.slot not in rounded]
        uses = Counter(step.operands[1] for step in quotients)
        shared = {step.slot for step in quotients if uses[step.operands[1]] >= FEWEST_SHARING}
        reciprocals: dict[int, int] = {}
        steps: list[Step] = []
        for step in self._steps:
            if step.slot not in shared:
                steps.append(step)
                continue
            numerator, denominator = step.operands
            if denominator not in reciprocals:
                reciprocals[denominator] = self._slot()
                steps.append(Step(reciprocals[denominator], "divide", (self._constant(1.0), denominator)))
            steps.append(Step(step.slot, "multiply", (numerator, reciprocals[denominator])))
        return tuple(steps)

    def _slot(self) -> int:
        self._size += 1
        return self._size - 1

    def _constant(self, number: float) -> int:
        key = ("constant", str(number))
        if key not in self._known:
            self._known[key] = self._slot()
            self._constants[self._known[key]] = number
        return self._known[key]

    def _step(self, operation: str, *operands: int) -> int:
        target = self._slot()
        self._steps.append(Step(target, operation, operands))
        return target

    def _compile(self, expression: Any) -> int:
        slot = self._known.get(expression)
        if slot is None:
            slot = self._known[expression] = self._compile_new(expression)
        return slot

    def _compile_new(self, expression: Any) -> int:
        if isinstance(expression, (bool, BooleanAtom)):
            return self._constant(bool(expression))
        if expression.is_Number or expression.is_NumberSymbol:
            return self._constant(float(expression))
        expression = self._apart(expression)
        for kind, compiled in self._structures:
            if isinstance(expression, kind):
                return compiled(expression)
        return self._application(expression)

    def _apart(self, expression: Any) -> Any:
        """Return a sum or a product with all that is computed early as one operand."""
        parted = self._time_first.parted(expression) if self._time_first else None
        if parted is None:
            return expression
        slot = self._compile(parted.early)
        symbol = sympy.Symbol(f"slot{slot}", real=True)
        self._known[symbol] = slot
        return expression.func(*parted.late, symbol)

    @property
    def _structures(self) -> tuple[tuple[Any, Callable[[Any], int]], ...]:
        """What is more than a function of its arguments."""
        return (
            (sympy.Add, lambda expression: self._sum(expression.args)),
            (sympy.Mul, self._product),
            (sympy.Pow, lambda expression: self._power(*expression.args)),
            ((sympy.floor, sympy.ceiling), self._whole),
            (sympy.Piecewise, self._piecewise),
            (sympy.ITE, self._alternative),
            (sympy.And, lambda expression: self._fold("and", self._arguments(expression))),
            (sympy.Or, lambda expression: self._fold("or", self._arguments(expression))),
        )

    def _whole(self, expression: sympy.Expr) -> int:
        """Round to a whole number: x/49 after a division, as 49*(1/49) is less than 1."""
        factor, rest = expression.args[0].as_coeff_Mul()
        if not factor.is_Rational or factor.q.bit_count() == 1:
            return self._application(expression)
        dividend = self._compile(product([sympy.Integer(factor.p), rest]))
        quotient = self._step("divide", dividend, self._constant(float(factor.q)))
        return self._step(_OPERATIONS[type(expression)], quotient)

    def _arguments(self, expression: Any) -> list[int]:
        return [self._compile(argument) for argument in expression.args]

    def _application(self, expression: Any) -> int:
        kind = type(expression)
        if expression in self._multiples:
            other, factor = self._multiples[expression]
            return self._step("multiply", self._constant(factor), self._compile(other))
        if kind in _OPERATIONS:
            return self._step(_OPERATIONS[kind], *self._arguments(expression))
        message = f"no code for {kind.__name__}"
        raise TypeError(message)

    def _fold(self, operation: str, slots: Sequence[int]) -> int:
        first, *rest = slots
        for slot in rest:
            first = self._step(operation, first, slot)
        return first

    def _sum(self, terms: Sequence[sympy.Expr]) -> int:
        """Add plain terms first, then products by fused multiply-adds."""
        terms = [self._apart(term) for term in terms]
        plain = [term for term in terms if not self._is_multiplied(term)]
        products = [term for term in terms if self._is_multiplied(term)]
        total: int | None = None
        for term in sorted(plain, key=_is_negated):
            negated = _is_negated(term)
            slot = self._compile(-term if negated else term)
            if total is None:
                total = self._step("minus", slot) if negated else slot
            else:
                total = self._step("subtract" if negated else "add", total, slot)
        for term in sorted(products, key=self._is_better_subtracted):
            if total is None:
                total = self._compile(term)
            else:
                negated, (*front, last) = self._multiplied(term)
                last = self._step("minus", last) if negated else last
                total = self._step("fma", self._fold("multiply", front), last, total)
        assert total is not None  # noqa: S101 - a sum has terms
        return total

    def _is_multiplied(self, term: sympy.Expr) -> bool:
        """Return whether a multiplication is the last operation of a term, which an addition can be fused with."""
        power = _magnitude(term)
        return _is_product(term) or (_is_whole_power(power) and (power.base, int(power.exp)) not in self._known)

    def _multiplied(self, term: sympy.Expr) -> tuple[bool, list[int]]:
        """Return what such a term is the product of, as `_factors` does."""
        if _is_product(term):
            return self._factors(term)
        base, exponent = _magnitude(term).args
        return _is_negated(term), [*self._halves(base, self._compile(base), int(exponent))]

    def _is_better_subtracted(self, term: sympy.Expr) -> bool:
        """Return whether a sum had better not begin with a term.

        Compilers make minus a multiple a multiple by the negative number, and then compute both.
        """
        return self._has_negative(term) and term.args[0] != -1

    def _has_negative(self, product: sympy.Expr) -> bool:
        """Return whether a product has a minus sign, and is used without it as well."""
        first = product.args[0]
        return bool(product.is_Mul and first.is_Number and first.is_negative and -product in self._products)

    def _factors(self, product: sympy.Expr) -> tuple[bool, list[int]]:
        """Return whether to negate a product, and the slots of its factors above the fraction bar.

        Products of which the negative is used as well are negated: both are one.
        """
        factors, _ = _split(product)
        first, *rest = factors
        if self._has_negative(product):
            factors = rest if first == -1 and rest else [-first, *rest]
            return True, [self._compile(factor) for factor in factors]
        if first == -1 and rest:
            first, *rest = [self._compile(factor) for factor in rest]
            return False, [self._step("minus", first), *rest]
        return False, [self._compile(factor) for factor in factors]

    def _product(self, product: sympy.Expr) -> int:
        above, below = _split(product)
        negated, factors = self._factors(product) if above else (False, [self._constant(1.0)])
        numerator = self._fold("multiply", factors)
        if below:
            numerator = self._step("divide", numerator, self._fold("multiply", [self._compile(each) for each in below]))
        return self._step("minus", numerator) if negated else numerator

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> int:
        if exponent.is_Number and exponent.is_negative:
            return self._step("divide", self._constant(1.0), self._compile(sympy.Pow(base, -exponent)))
        doubled = 2 * exponent
        if exponent.is_Number and doubled == int(doubled) and doubled <= 2 * LARGEST_MULTIPLIED_POWER:
            return self._half_integer_power(base, int(doubled))
        return self._step("pow", self._compile(base), self._compile(exponent))

    def _half_integer_power(self, base: sympy.Expr, doubled: int) -> int:
        whole, half = divmod(doubled, 2)
        root = self._known.get((base, "root"))
        slot = self._compile(base)
        if half and root is None:
            root = self._known[base, "root"] = self._step("sqrt", slot)
        if whole == 0:
            assert root is not None  # noqa: S101 - the exponent is not zero
            return root
        power = self._whole_power(base, slot, whole)
        return self._step("multiply", power, root) if half and root is not None else power

    def _whole_power(self, base: sympy.Expr, slot: int, exponent: int) -> int:
        if exponent == 1:
            return slot
        key = (base, exponent)
        if key not in self._known:
            self._known[key] = self._step("multiply", *self._halves(base, slot, exponent))
        return self._known[key]

    def _halves(self, base: sympy.Expr, slot: int, exponent: int) -> tuple[int, int]:
        """Return the slots of two powers whose product is another."""
        lower = exponent // 2
        return self._whole_power(base, slot, lower), self._whole_power(base, slot, exponent - lower)

    def _piecewise(self, expression: sympy.Expr) -> int:
        *branches, (otherwise, _) = expression.args
        result = self._compile(otherwise)
        for value, condition in reversed(branches):
            result = self._step("select", self._compile(condition), self._compile(value), result)
        return result

    def _alternative(self, expression: sympy.Expr) -> int:
        """Choose between conditions, which is what SymPy makes of a choice of numbers in a condition."""
        condition, first, second = self._arguments(expression)
        here = self._step("and", condition, first)
        return self._step("or", here, self._step("and", self._step("not", condition), second))


def _is_negated(term: sympy.Expr) -> bool:
    return bool(term.is_Mul and term.args[0] == -1)


def _magnitude(term: sympy.Expr) -> sympy.Expr:
    """Return a term without its sign, where it has one."""
    return -term if _is_negated(term) else term


def _is_whole_power(term: sympy.Expr) -> bool:
    """Return whether a term is a power that is multiplied out."""
    return bool(term.is_Pow and term.exp.is_Integer and 1 < term.exp <= LARGEST_MULTIPLIED_POWER)


def _is_product(term: sympy.Expr) -> bool:
    """Return whether a term is a product of two or more factors without a division."""
    if not term.is_Mul:
        return False
    _, below = _split(term)
    if below:
        return False
    return len(term.args) > 2 or not _is_negated(term)


def _split(product: sympy.Expr) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
    """Return the factors above and below the fraction bar."""
    above: list[sympy.Expr] = []
    below: list[sympy.Expr] = []
    for factor in product.args:
        if factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative:
            below.append(sympy.Pow(factor.base, -factor.exp))
        else:
            above.append(factor)
    return above, below
