"""Vectors: quantities that a model has many of, told apart by indices that are known before anything is computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, get_args

#: What stands beyond the ends of a vector: nothing, the other end, the last element, or 0.
Ends = Literal["error", "periodic", "hold", "zero"]
ENDS: tuple[Ends, ...] = get_args(Ends)


class OutsideError(IndexError):
    """A vector has no such element.

    Parameters
    ----------
    dimension
        Of the index that is outside.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self.dimension = dimension


@dataclass(frozen=True)
class Vector:
    """A quantity with elements.

    Parameters
    ----------
    name
        Its name; elements are called `name[0]`, or `name[0,0]`.
    table
        The table of the model it stands in.
    shape
        How many there are along each dimension.
    indices
        The names of the indices.
    ends
        What is read beyond the ends, a word a dimension.
    """

    name: str
    table: str
    shape: tuple[int, ...]
    indices: tuple[str, ...]
    ends: tuple[Ends, ...]

    @property
    def places(self) -> Iterator[tuple[int, ...]]:
        """The indices of all elements, the last one fastest."""
        return product(*map(range, self.shape))

    @cached_property
    def elements(self) -> Mapping[str, Mapping[str, int]]:
        """The elements by their names, in order, each with what the indices are there."""
        return {self.element(place): dict(zip(self.indices, place, strict=True)) for place in self.places}

    def element(self, place: Sequence[int]) -> str:
        """Return the name of the element at a place."""
        return f"{self.name}[{','.join(map(str, place))}]"

    def read(self, place: Sequence[int]) -> str | None:
        """Return the name of the element that is read at a place; None for 0.

        Raises
        ------
        OutsideError
            Where there is none.
        """
        found, zero = [], False
        for dimension, (index, count) in enumerate(zip(place, self.shape, strict=True)):
            ends = self.ends[dimension]
            outside = not 0 <= index < count
            if outside and ends == "error":
                raise OutsideError(dimension)
            zero |= outside and ends == "zero"
            found.append(index % count if ends == "periodic" else min(max(index, 0), count - 1))
        return None if zero else self.element(found)

    @property
    def dimensions(self) -> tuple[tuple[str, int], ...]:
        """What the result calls the dimensions, and their lengths."""
        return tuple((f"{self.name}_{index}", count) for index, count in zip(self.indices, self.shape, strict=True))

    @property
    def general(self) -> str:
        """Any element, as it is written: `u[i]`."""
        return f"{self.name}[{','.join(self.indices)}]"

    @property
    def told(self) -> str:
        """The first and the last element, for people."""
        first, last = ([end * (count - 1) for count in self.shape] for end in (0, 1))
        ends = dict.fromkeys((self.element(first), self.element(last)))
        return " to ".join(ends) if len(ends) > 1 else f"{self.element(first)} alone"
