"""Many expressions as loops over families of one form, with what is alone written out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from solvers.equations.angles import Named, with_products
from solvers.equations.depth import deep_recursion
from solvers.equations.early import time_first
from solvers.equations.families import ByForm, Family, by_form, chained, find_families
from solvers.equations.forcing import Forcing
from solvers.equations.forms import Leaf
from solvers.equations.lowering import compile_program
from solvers.equations.program import Program, evaluate_at
from solvers.equations.system import System, parameter_symbol, state_symbol
from solvers.straightline.loops import for_each

#: What a mathematical function counts, in operations.
WEIGHT = 20
#: States up to which steps are written out. By loops a row of 256 points took 0.9 times as long on a processor with
#: tsit5 and 1.2 times with rodas5p, but 1.2 seconds to compile instead of 5 and 9.
MOST_STATES = 128
#: Loops are taken where they leave no more than this share of the operations.
SHARE = 1 / 3
_PLAIN = frozenset({"add", "subtract", "multiply", "divide", "minus", "fma", "select", "min", "max", "abs", "sqrt"})


def weight(program: Program) -> int:
    """Return a program's operations, mathematical functions counting for many."""
    return sum(1 if step.operation in _PLAIN or not step.operation.isalpha() else WEIGHT for step in program.steps)


@dataclass(frozen=True)
class _Stage:
    """Expressions that need those of earlier stages alone; or a chain of which each link is that.

    Parameters
    ----------
    final
        Whether they are what is asked for, else what that needs.
    links
        Of the chain, else 1.
    families
        Loops.
    program, alone
        The others, and where they are put.
    """

    final: bool
    links: int
    families: tuple[Family, ...]
    program: Program
    alone: tuple[int, ...]


class LoopedEquations:
    """Expressions of a system, computed by loops.

    Parameters
    ----------
    system
        The equations.
    expressions
        What is computed, by the place where it is stored.
    named
        Symbols defined by expressions, each over quantities and earlier ones.
    precision
        "float64" or "float32".
    forcing
        The drivers; None: as the interpreter has them.
    """

    def __init__(
        self,
        system: System,
        expressions: Mapping[int, sympy.Expr],
        named: Sequence[tuple[sympy.Symbol, sympy.Expr]],
        precision: str,
        forcing: Forcing | None = None,
    ) -> None:
        self._system = system
        self._precision = precision
        self._forcing = forcing
        with deep_recursion():
            expressions, named = _with_angles(expressions, named)
        self._named = {symbol: number for number, (symbol, _) in enumerate(named)}
        states = [state_symbol(index) for index in range(len(system.states))]
        parameters = [parameter_symbol(index) for index in range(len(system.parameters))]
        self._symbols = [*system.inputs, *self._named]
        kinds = ("y", states), ("p", parameters), ("w", self._named)
        self._quantities = {symbol: Leaf(kind, k) for kind, each in kinds for k, symbol in enumerate(each)}
        with deep_recursion():
            self._stages = list(self._find_stages([expression for _, expression in named], expressions))

    @property
    def terms(self) -> int:
        """The length of the array that `store` needs."""
        return len(self._named)

    @property
    def weight(self) -> int:
        """Operations of the code, mathematical functions counting for many."""
        families = [family for stage in self._stages for family in stage.families]
        programs = [program for family in families for program in family.programs]
        return sum(map(weight, [*programs, *(stage.program for stage in self._stages)]))

    def __str__(self) -> str:
        """Tell how many expressions are computed by loops, those that others need among them."""
        families = [family for stage in self._stages for family in stage.families]
        members, alone = sum(family.members for family in families), sum(len(stage.alone) for stage in self._stages)
        forms = "1 form" if len(families) == 1 else f"{len(families)} forms"
        return f"{members:,} by loops over {forms}, {alone:,} written out"

    def store(self, t: Any, y: Any, p: Any, w: Any, out: Any, offset: int = 0) -> None:
        """Store all expressions into `out`, from an offset on.

        Parameters
        ----------
        t
            Time, float64, or an `Instant`.
        y, p
            Arrays of states and parameters.
        w
            An array that takes what is named.
        """
        sources, first = {"y": y, "p": p, "w": w}, len(self._symbols) - self.terms
        for stage in self._stages:
            target, start = (out, offset) if stage.final else (w, 0)
            self._store_families(stage, sources, target, start)
            if stage.alone:
                known = [w[k] if stage.program.uses(first + k) else None for k in range(self.terms)]
                values = evaluate_at(stage.program, self._system, self._precision, t, y, p, known, self._forcing)
                for place, value in zip(stage.alone, values, strict=True):
                    target[start + place] = value

    def _store_families(self, stage: _Stage, sources: Mapping[str, Any], target: Any, start: int) -> None:
        def one(link: Any) -> None:
            for family in stage.families:
                family.store(sources, target, start, self._precision, link)

        for_each(sources["y"], stage.links, one, longest=1)

    def _find_stages(self, named: Sequence[sympy.Expr], expressions: Mapping[int, sympy.Expr]) -> Iterator[_Stage]:
        depths: list[int] = []
        for expression in named:
            below = [depths[self._named[symbol]] for symbol in expression.free_symbols & self._named.keys()]
            depths.append(1 + max(below, default=0))
        found = (
            {k: named[k] for k, at in enumerate(depths) if at == depth}
            for depth in range(1, 1 + max(depths, default=0))
        )
        for links in chained(map(self._by_form, found)):
            yield self._stage(links, named, final=False)
        yield self._stage([self._by_form(expressions)], expressions, final=True)

    def _by_form(self, expressions: Mapping[int, sympy.Expr]) -> ByForm:
        others = frozenset(self._system.inputs) - self._quantities.keys()
        return by_form(expressions, self._quantities, others)

    def _stage(self, links: Sequence[ByForm], expressions: Any, *, final: bool) -> _Stage:
        families, alone = find_families(links)
        early = time_first(self._precision, self._system, self._named)
        program = compile_program(self._symbols, [expressions[place] for place in alone], (), early)
        return _Stage(final, len(links), tuple(families), program, tuple(alone))


def _with_angles(
    expressions: Mapping[int, sympy.Expr], named: Sequence[Named]
) -> tuple[Mapping[int, sympy.Expr], Sequence[Named]]:
    """Return expressions as `with_products` has them, with names for the sines and cosines that others are made of."""
    names: dict[sympy.Expr, sympy.Symbol] = {}

    def name(function: sympy.Expr) -> sympy.Symbol:
        return names.setdefault(function, sympy.Symbol(f"angle{len(names)}", real=True))

    found, used, sums = with_products([*expressions.values()], named, name)
    spelled = dict(zip(expressions, found, strict=True))
    return spelled, [*((symbol, function) for function, symbol in names.items()), *sums, *used]
