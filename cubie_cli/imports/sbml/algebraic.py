"""Solves algebraic rules for the one quantity that each leaves open, which makes assignment rules of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.formulas import (
    ONE,
    ZERO,
    Apply,
    Formula,
    Number,
    names_in,
    negative,
    product,
    quotient,
    total,
)
from cubie_cli.imports.sbml.source import Source

_HINT = "solve it for one of its quantities, and make that an assignment rule"


@dataclass(frozen=True)
class AlgebraicRule:
    """A formula that is zero at all times, and its line."""

    formula: Formula
    line: int | None


def solve_algebraic_rules(source: Source, rules: Sequence[AlgebraicRule], path: Path) -> None:
    """Add the assignment rules that algebraic rules come to.

    A rule determines the quantity that may change and that nothing else changes: no other rule, reaction or event.

    Raises
    ------
    UserError
        With the line of a rule that does not determine one quantity, or in which that is not linear.
    """
    waiting = list(rules)
    while waiting:
        open_in = {rule: _open_quantities(source, rule.formula) for rule in waiting}
        rule = min(waiting, key=lambda each: abs(len(open_in[each]) - 1))
        _add_assignment(source, rule, open_in[rule], path)
        waiting.remove(rule)
    for rule in rules:
        circle = next((name for name in names_in(rule.formula) if name in source.needs([name])), None)
        if circle is not None:
            raise _refusal(f"an algebraic rule that has to be solved together with others for {circle!r}", rule, path)


def _add_assignment(source: Source, rule: AlgebraicRule, names: Sequence[str], path: Path) -> None:
    if not names:
        raise _refusal("an algebraic rule for quantities that are all determined without it", rule, path)
    if len(names) > 1:
        which = ", ".join(map(repr, names))
        raise _refusal(f"an algebraic rule that leaves open which of {which} it determines", rule, path)
    name = names[0]
    value = _root(rule.formula, name)
    if value is None:
        raise _refusal(f"an algebraic rule in which {name!r} is not linear", rule, path)
    source.assignments[name] = value
    remarks = source.remarks.setdefault(name, [])
    remarks.append("solved from an algebraic rule")
    if source.initial.pop(name, None) is not None:
        remarks.append("its initial assignment is left out: the rule holds at the start too")


def _refusal(what: str, rule: AlgebraicRule, path: Path) -> UserError:
    return UserError(f"{what} cannot be imported", path, rule.line, hint=_HINT)


def _open_quantities(source: Source, formula: Formula) -> list[str]:
    """Return the quantities in a formula that may change, and that nothing changes."""
    changed = {*source.assignments, *source.rates, *(name for event in source.events for name in event.changes)}
    reacting = {each.species for reaction in source.reactions for each in reaction.participants}
    free = {each.id for each in source.species if not each.constant and (each.boundary or each.id not in reacting)}
    free |= {each.id for each in source.compartments if not each.constant}
    free |= {each.id for each in source.parameters if not each.constant}
    return [name for name in names_in(formula) if name in free and name not in changed]


def _root(formula: Formula, name: str) -> Formula | None:
    """Return where a formula is zero, by one of its quantities; None where it is not linear in that."""
    found = _linear(formula, name)
    if found is None:
        return None
    slope, rest = found
    if slope == Number(-1.0):
        return rest
    return quotient(negative(rest), slope)


def _linear(formula: Formula, name: str) -> tuple[Formula, Formula] | None:
    """Return a and b of a formula that is a*name + b, or None."""
    if name not in names_in(formula):
        return ZERO, formula
    if not isinstance(formula, Apply):
        return ONE, ZERO
    parts = [_linear(each, name) for each in formula.arguments]
    known = [each for each in parts if each is not None]
    return _combined(formula.operation, known) if len(known) == len(parts) else None


def _combined(operation: str, parts: Sequence[tuple[Formula, Formula]]) -> tuple[Formula, Formula] | None:
    slopes, rests = zip(*parts, strict=True)
    if operation == "+":
        return total(*slopes), total(*rests)
    if operation == "-":
        return negative(slopes[0]), negative(rests[0])
    if operation == "/" and slopes[1] == ZERO:
        return _each_times(parts[0], (quotient(ONE, rests[1]),))
    if operation == "*" and sum(slope != ZERO for slope in slopes) == 1:
        place = next(index for index, slope in enumerate(slopes) if slope != ZERO)
        return _each_times(parts[place], (*rests[:place], *rests[place + 1 :]))
    return None


def _each_times(parts: tuple[Formula, Formula], factors: Sequence[Formula]) -> tuple[Formula, Formula]:
    slope, rest = (each if each == ZERO else product(*factors, each) for each in parts)
    return slope, rest
