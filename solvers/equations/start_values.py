"""Values that a run begins with: what is an expression of parameters is computed from the run's own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

from solvers.equations.program import Program, literals
from solvers.straightline import convert


@dataclass(frozen=True)
class ComputedValue:
    """A value that is an expression of parameters.

    Parameters
    ----------
    of_state
        Whether it is a state's, and not a parameter's.
    index
        Position of the state or parameter.
    program
        Computes it of all parameters, of which it uses such as have their values.
    """

    of_state: bool
    index: int
    program: Program


@dataclass(frozen=True)
class StartValues:
    """The values of a system that are expressions, in the order in which they are computed."""

    computed: tuple[ComputedValue, ...] = ()

    def fill(
        self,
        states: list[Any],
        parameters: list[Any],
        precision: str,
        swept_states: Collection[int] = (),
        swept_parameters: Collection[int] = (),
    ) -> None:
        """Put the values of expressions in place, but for those that are swept; straight-line code, or NumPy's scalars.

        Parameters
        ----------
        states, parameters
            All values of a run, in a precision; those of expressions are replaced.
        """
        for value in self.computed:
            if value.index in (swept_states if value.of_state else swept_parameters):
                continue
            exact = [convert(each, "float64") for each in parameters]
            (found,) = value.program.evaluate(exact, literals(exact[0], "float64"))
            (states if value.of_state else parameters)[value.index] = convert(found, precision)

    def as_json(self) -> list[Any]:
        """Return them as plain values."""
        return [(value.of_state, value.index, value.program.as_json()) for value in self.computed]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """Return those that `as_json` gave the values of."""
        return cls(tuple(ComputedValue(of, index, Program.from_json(program)) for of, index, program in values))
