"""Threads that share runs, interpreted: recorded straight-line code, for all lanes of a small warp in step."""

from collections.abc import Callable, Mapping, Sequence
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, neg, or_, sub, truediv
from typing import Any

import numpy as np

from buffers import Allocator
from solvers.integration.lane import Reports, Results
from solvers.planning.exchange import Solution
from solvers.planning.plan import Plan
from solvers.straightline.arithmetic import _NUMPY_CALLS
from solvers.straightline.record import INDEX, MASK, Operation
from solvers.straightline.recorded import Argument, Recorded, mapped, record
from solvers.straightline.setting import Setting
from solvers.targets.memory import Frame
from solvers.targets.python import PythonTarget

_COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
_PURE: Mapping[str, Callable[..., Any]] = {
    "add": add, "sub": sub, "mul": mul, "div": truediv, "neg": neg, "and": and_, "or": or_, "not": np.logical_not,
    "fma": lambda a, b, c: a * b + c, "select": np.where, "minimum": np.minimum, "maximum": np.maximum,
    "larger": np.fmax, "smaller": np.fmin, "larger magnitude": lambda a, b: np.fmax(abs(a), abs(b)),
    "abs": np.abs, "sqrt": np.sqrt, "reciprocal": np.reciprocal, "exact reciprocal": np.reciprocal,
    "quotient estimate": truediv,
    "log2 estimate": np.log2, "exp2 estimate": np.exp2,
}  # fmt: skip


class _Memory:
    """Memory that straight-line code indexes: of all runs, or a buffer with a number for each lane.

    Where lanes have a buffer in common, `owners` are the columns that each has of it.
    """

    def __init__(self, numbers: np.ndarray, owners: np.ndarray | None = None) -> None:
        self.numbers = numbers
        self.owners = np.arange(numbers.shape[-1]) if owners is None else owners


def _buffer(elements: int, dtype: Any, lanes: int) -> _Memory:
    return _Memory(np.full((elements, lanes), np.nan if np.dtype(dtype).kind == "f" else -1, dtype))


class Lanes:
    """Lanes of a warp of some runs, which straight-line code runs on.

    Parameters
    ----------
    threads, runs
        Threads a run, and runs a warp.
    numbers
        What settings stand for.
    """

    def __init__(self, threads: int, runs: int = 1, numbers: Mapping[str, float] | None = None) -> None:
        self.target = SharedTarget(threads, runs, numbers or {})

    @staticmethod
    def common(numbers: np.ndarray) -> Any:
        """Return a buffer that the lanes of each run have in common, given numbers of (elements, runs)."""
        return _Memory(numbers, np.arange(numbers.shape[1]))

    def run(self, function: Callable[..., Any], *values: Any) -> Any:
        """Return what a function comes to, in each lane, of numbers a lane, and of buffers of (elements, lanes)."""
        given = [self._given(each) for each in values]
        with np.errstate(all="ignore"):
            return self.target.straight_line(function)(*given)

    def _given(self, value: Any) -> Any:
        if isinstance(value, _Memory):
            return _Memory(value.numbers, self.target.runs_of_lanes)
        return _Memory(value) if value.ndim > 1 else value


class SharedTarget(PythonTarget):
    """Runs device code for the lanes of a warp of some runs, each of which has several threads.

    Parameters
    ----------
    threads, runs
        Threads a run, and runs a warp.
    numbers
        What settings stand for.
    """

    def __init__(self, threads: int, runs: int, numbers: Mapping[str, float]) -> None:
        super().__init__()
        self._threads, self._lanes, self._numbers = threads, threads * runs, numbers
        self._own = np.arange(self._lanes) % threads

    def straight_line(self, function):
        """Return a function that records the one given, and interprets the record."""
        known: dict[Any, Recorded] = {}

        def interpreted(*arguments):
            kinds = mapped(_kind, arguments)
            if kinds not in known:
                known[kinds] = record(function, kinds)
            return self._results(known[kinds], list(_opened(arguments)))

        return interpreted

    def allocate(self, frame: Frame):
        """Return a function that makes a frame's buffers."""

        def cut(shared, persistent):
            own = (self._buffer(each) for each in frame.own)
            below = (self.allocate(child.frame)(shared, persistent) for child in frame.children)
            return frame.kind._make((*own, *below))

        return cut

    @property
    def runs_of_lanes(self) -> np.ndarray:
        """The run of each lane, among those of the warp."""
        return np.arange(self._lanes) // self._threads

    def _buffer(self, allocator: Allocator) -> _Memory:
        buffer = _buffer(allocator.elements, allocator.dtype, self._lanes)
        return _Memory(buffer.numbers, self.runs_of_lanes) if allocator.common else buffer

    @property
    def any_lane(self):
        """The vote of the warp."""
        return np.any

    @property
    def take(self):
        """Give the lanes of each run that wants one the next."""

        def take(queue, run, wanted):
            run, wanted = np.broadcast_to(run, self._lanes).copy(), np.broadcast_to(wanted, self._lanes)
            for first in range(0, self._lanes, self._threads):
                group = slice(first, first + self._threads)
                assert len(set(wanted[group].tolist())) == 1, "threads of a run disagree"
                if wanted[first]:
                    run[group] = queue[0]
                    queue[0] += 1
            return run

        return take

    def _results(self, recorded: Recorded, arguments: Sequence[Any]) -> Any:
        values: list[Any] = []
        for operation in recorded.record.operations:
            operands = [values[position] for position in operation.operands]
            values.append(self._value(operation, operands, arguments))
        return mapped(lambda result: values[result.position], recorded.returned)

    def _value(self, operation: Operation, operands: list[Any], arguments: Sequence[Any]) -> Any:
        kind, detail, dtype = operation.kind, operation.detail, operation.dtype
        if kind in _PURE:
            return _PURE[kind](*operands)
        handlers = {
            "nothing": lambda: None,
            "constant": lambda: self._typed(detail.number, dtype),
            "setting": lambda: self._typed(detail.value(self._numbers), dtype),
            "argument": lambda: arguments[detail],
            "compare": lambda: _COMPARED[detail](*operands),
            "call": lambda: _NUMPY_CALLS[detail](*operands),
            "convert": lambda: np.asarray(operands[0]).astype(dtype),
            "lane": lambda: self._own,
            "in lanes": lambda: np.array(detail)[self._own],
            "exchange": lambda: self._exchanged(operands[0], detail),
            "settle": lambda: None,
            "index": lambda: detail[0] * operands[0] + detail[1],
            "load": lambda: self._loaded(arguments[detail[0]], detail[1]),
            "store": lambda: self._stored(arguments[detail[0]], detail[1], operands[0]),
            "load at": lambda: self._loaded(arguments[detail.argument], detail.factor * operands[0] + detail.offset),
            "store at": lambda: self._stored(
                arguments[detail.argument], detail.factor * operands[0] + detail.offset, operands[1]
            ),
            "look up": lambda: self._looked_up(*detail, operands[0]),
            "gather": lambda: self._gathered(arguments[detail], *operands),
            "scatter": lambda: self._scattered(arguments[detail], *operands),
        }
        return handlers[kind]()

    def _typed(self, number: float, dtype: str) -> Any:
        return np.full(self._lanes, number, bool if dtype == MASK else dtype)

    def _exchanged(self, value: Any, route: Any) -> Any:
        places = [lane - own + route.source(own) for lane, own in enumerate(self._own.tolist())]
        return np.broadcast_to(value, self._lanes)[places]

    def _loaded(self, source: Any, index: Any) -> Any:
        numbers = source.numbers
        return np.copy(numbers[index] if numbers.ndim == 1 else numbers[index, source.owners])

    @staticmethod
    def _stored(goal: Any, index: Any, value: Any) -> None:
        goal.numbers[index, goal.owners] = value

    def _looked_up(self, table: Any, place: Any, index: Any) -> Any:
        numbers = [each.value(self._numbers) if isinstance(each, Setting) else each for each in table.numbers]
        factor, offset = place
        return np.array(numbers, "int64" if table.dtype == INDEX else table.dtype)[factor * index + offset]

    @staticmethod
    def _gathered(source: Any, index: Any, mask: Any) -> Any:
        return np.where(mask, source.numbers[np.where(mask, index, 0)], 0).astype(source.numbers.dtype)

    def _scattered(self, goal: Any, *given: Any) -> None:
        index, value, mask = (np.broadcast_to(each, self._lanes) for each in given)
        goal.numbers[index[mask]] = value[mask]


def solve_shared(plan: Plan, values: np.ndarray, runs: int = 2) -> Solution:
    """Return the solution of a plan for the cuda target whose runs have several threads.

    Parameters
    ----------
    runs
        That are solved in step.
    """
    exchange = plan.exchange
    target = SharedTarget(plan.threads_per_run, runs, exchange.numbers)
    integrate = plan.loop.build(target, plan.registry)
    found = exchange.empty_results(values.shape[1])
    inputs, defaults = exchange.inputs(values).reshape(-1), exchange.default_values()
    told = Results(found.variables.reshape(-1), exchange.times, found.findings.reshape(-1))
    with np.errstate(all="ignore"):
        integrate(
            np.zeros(1, dtype=np.int64),
            np.int64(values.shape[1]),
            *(_Memory(each) for each in (inputs, defaults)),
            Results(*map(_Memory, told)),
            Reports(*map(_Memory, found.reports)),
            None,
            None,
        )
    return found.solution(0.0)


def _kind(argument: Any) -> Argument:
    if isinstance(argument, _Memory):
        return Argument(is_array=True, dtype=str(argument.numbers.dtype))
    dtype = str(np.asarray(argument).dtype)
    return Argument(is_array=False, dtype=MASK if dtype == "bool" else dtype)


def _opened(tree: Any) -> Any:
    for each in tree:
        if isinstance(each, tuple):
            yield from _opened(each)
        else:
            yield each
