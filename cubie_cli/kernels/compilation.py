"""Compiles a kernel, and tells how large it is before that takes its time."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from solvers.execution import engine
from solvers.execution.compile_time import expected_seconds
from solvers.execution.kernel import Kernel
from solvers.tableaus.tableau import ButcherTableau

if TYPE_CHECKING:
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing
    from solvers.targets.written import Written

#: Seconds from which on it is said beforehand how long a kernel takes.
LONG = 60.0
#: Stages of tsit5.
_STAGES = 7
#: Up to which implicit methods are about as small as rosenbrock23.
_LOW_ORDER = 3


class Audience(Protocol):
    """Who is told; `cubie_cli.runs.progress.Progress` is one."""

    def stage(self, text: str) -> None:
        """Take the task that begins now."""

    def warn(self, texts: Iterable[str]) -> None:
        """Take what is probably not meant."""

    def hint(self, texts: Iterable[str]) -> None:
        """Take what to try."""

    def timed(self, text: str) -> AbstractContextManager[None]:
        """Show the time that a block takes."""


def compile_plan(plan: "Plan", arch: str | None, listing: "Listing | None", audience: Audience | None) -> Kernel:
    """Compile a plan's kernel.

    Parameters
    ----------
    arch, listing
        As for `solvers.execution.engine.compile_kernel`, which raises the same.
    audience
        Is told what is compiled, and what to do where that takes long.
    """
    if audience is None:
        return engine.compile_kernel(plan, arch, listing)
    heard = audience

    def announce(written: "Written") -> None:
        heard.stage(f"compiling for {_described(plan, arch, written)}")
        seconds = expected_seconds(plan.target, written)
        if seconds >= LONG:
            heard.warn([f"a compiler takes {duration(seconds)} for that much"])
            heard.hint(quicker(plan, arch))

    with audience.timed("compiling"):
        return engine.compile_kernel(plan, arch, listing, announce)


def _described(plan: "Plan", arch: str | None, written: "Written") -> str:
    """Return what is compiled, and how large it is."""
    processor = engine.architecture(plan.target, arch).split(maxsplit=1)[0]
    count = len(plan.problem.system.states)
    states = "1 state" if count == 1 else f"{count:,} states"
    return f"{plan.target} {processor}: {plan.problem.tableau.name}, {states}, {written.instructions:,} instructions"


def duration(seconds: float) -> str:
    """Return a time to one digit, as a person says it."""
    minutes = seconds / 60
    if minutes < 1.5:
        return "about a minute"
    if minutes < 55:
        return f"about {float(f'{minutes:.1g}'):.0f} minutes"
    hours = round(minutes / 60)
    return "about an hour" if hours < 2 else f"about {hours:,} hours"


def quicker(plan: "Plan", arch: str | None) -> Iterator[str]:
    """Yield what a compiler takes less time for; with a named architecture, a kernel for that is what is wanted."""
    method = plan.problem.tableau
    if isinstance(method, ButcherTableau):
        if len(method.b) > _STAGES:
            yield f'algorithm = "tsit5" has {_STAGES} stages instead of {len(method.b)}, and compiles faster'
    elif method.family == "FIRK":
        yield 'algorithm = "rodas5p" solves the stages one by one, and compiles in a fraction of that'
    else:
        if method.order > _LOW_ORDER:
            yield 'algorithm = "rosenbrock23" compiles faster; being of low order, it suits loose tolerances'
        yield 'where the system is not stiff, algorithm = "tsit5" does, and compiles in a fraction of that'
    if plan.target == "cuda" and arch is None:
        yield "--target cpu compiles in a fraction of that, which pays for small batches"
