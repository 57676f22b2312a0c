"""Chooses the algorithm where a configuration leaves it open: the one that takes least work for some of the runs.

Work is counted, not timed: attempted steps of a few runs that are spread over the batch, solved on the processor,
times the operations of an attempt. So the same files give the same choice on every machine.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.configurations.job import Job, with_algorithm
from cubie_cli.documents.digest import digest_of
from cubie_cli.kernels.cache import CacheUnusableError, read_note, write_note
from cubie_cli.kernels.cache_key import digest_of_sources
from cubie_cli.kernels.doubts import TIGHTER, WHOLE, Reference, Share, reference, sampled
from cubie_cli.kernels.job_kernel import cache_of, find_kernel, make_plan
from cubie_cli.kernels.user_errors import as_user_errors
from solvers.execution import engine
from solvers.planning.exchange import Solution
from solvers.settings import SolveSettings
from solvers.status import Status

if TYPE_CHECKING:
    from cubie_cli.kernels.compilation import Audience

#: Runs of a batch that are tried: a part of it, at most some, and no more than results fit in that many bytes.
_PART, _MOST_RUNS, _MOST_BYTES = 4, 32, 1 << 28
#: Attempts that are allowed a run at first, and by how much more they become where no candidate ends.
_FIRST_ATTEMPTS, _GROWTH = 1000, 8
#: Attempts from which the work of one is known; of a system of many states those of two runs with the same beginning.
_COUNTED, _COUNTED_TWICE = 16, (1, 3)
#: States beyond which only those that a result has are compared, and fewer attempts are counted.
_MANY_STATES = 64


@dataclass(frozen=True)
class Trial:
    """What a candidate took.

    Parameters
    ----------
    algorithm
        The candidate.
    attempts
        Steps of all runs that were tried, accepted or not; at least, where it was not `complete`.
    work
        Operations of an attempt, in additions.
    failed
        Runs that failed with it, and not with every candidate; at least, where it was not `complete`.
    complete
        Whether it was tried to the end; one that had become dearer than another was not.
    doubtful
        Runs that come out otherwise where the absolute tolerance is smaller.
    """

    algorithm: str
    attempts: int
    work: float
    failed: int
    complete: bool
    doubtful: int = 0

    @property
    def total(self) -> float:
        """Operations for all runs."""
        return self.attempts * self.work


@dataclass(frozen=True)
class Choice:
    """An algorithm, and why it was chosen.

    Parameters
    ----------
    runs
        How many were tried.
    hopeless
        How many of them failed with every candidate.
    trials
        What the candidates took; the first was chosen.
    astray
        The states of which doubtful runs of the first one differ.
    """

    runs: int
    hopeless: int
    trials: tuple[Trial, ...]
    astray: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """The one that was chosen."""
        return self.trials[0].algorithm

    def __str__(self) -> str:
        """Return the choice as a sentence without its end."""
        best, *others = self.trials
        if not others:
            return f"{best.algorithm}, the only candidate"
        told = "; ".join(_compared(other, best) for other in others)
        lost = f"; {self.hopeless} failed with each" if self.hopeless else ""
        tried = "the first run" if self.runs == 1 else f"{self.runs} of the runs"
        return f"{best.algorithm}, by the work that {tried} take{'s' * (self.runs == 1)}: {told}{lost}"

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        told = {"runs": self.runs, "hopeless": self.hopeless, "trials": [vars(trial) for trial in self.trials]}
        return told | {"astray": list(self.astray)}

    def warnings(self, solve: SolveSettings) -> list[str]:
        """Return what is to be said of the tolerances that it was chosen with."""
        best, least = self.trials[0], min(solve.atol)
        if not best.doubtful:
            return []
        text = (
            f"{best.doubtful} of {self.runs} runs that were tried end with success and come out otherwise, in "
            f"{', '.join(self.astray)}, where atol is a thousandth of {least:g}: it is too large for what is small in "
            f"them; set atol = {least * TIGHTER.atol:.3g} in [solve], or give it for each state"
        )
        return [text]


def _compared(other: Trial, best: Trial) -> str:
    if other.failed > best.failed:
        return f"{other.failed} failed with {other.algorithm}"
    if other.doubtful > best.doubtful:
        return f"{other.doubtful} come out wrong with {other.algorithm}"
    times = other.total / best.total if best.total else 1.0
    return f"{'' if other.complete else 'at least '}{times:.3g} times as much with {other.algorithm}"


def settled(job: Job, audience: "Audience | None" = None) -> tuple[Job, Choice | None]:
    """Return a job with an algorithm, and how that was chosen; None where the configuration names it.

    Parameters
    ----------
    audience
        Is told what is tried.

    Raises
    ------
    UserError
        As for compiling and solving.
    """
    if not job.candidates:
        return job, None
    folder, key = _folder(job), _key(job)
    choice = _known(read_note(folder, key), job.candidates) if folder else None
    if choice is None:
        choice = _chosen(job, audience)
        if folder:
            write_note(folder, key, choice.as_json())
    return with_algorithm(job, choice.algorithm), choice


# -- trying -------------------------------------------------------------------------------------


def _chosen(job: Job, audience: "Audience | None") -> Choice:
    if audience:
        audience.stage(f"choosing an algorithm: {' or '.join(job.candidates)}")
    values = runs_tried(job)
    return race([_method(with_algorithm(job, name), values, audience) for name in job.candidates])


def runs_tried(job: Job) -> np.ndarray:
    """Return the swept values of the runs of a batch that are tried, shape (swept, runs)."""
    fitting = _MOST_BYTES // max(1, _with_all_states(job).exchange.bytes_per_run)
    return job.design.sample(max(1, min(_MOST_RUNS, job.design.count // _PART, fitting)))


def _with_all_states(job: Job) -> Job:
    """Return a job that saves all states and nothing else: a result may be wrong by one that is not in it."""
    states = tuple(range(len(job.model.quantities.states)))
    if len(states) > _MANY_STATES:  # a kernel beside that of the batch takes long to compile
        return job
    save = replace(job.configuration.save, states=states, observables=(), summaries=(), windows=())
    return replace(job, configuration=replace(job.configuration, save=save))


def race(candidates: "Sequence[Candidate]", first_attempts: int = _FIRST_ATTEMPTS) -> Choice:
    """Try candidates with ever more attempts, until each has ended or cannot win any more.

    Parameters
    ----------
    candidates
        What is tried.
    first_attempts
        How many a run is allowed at first.
    """
    racing, allowed = list(candidates), first_attempts
    while racing:
        for each in racing:
            each.try_with(allowed)
        racing = [each for each in candidates if not each.complete and not any(map(each.is_beaten_by, candidates))]
        allowed *= _GROWTH
    hopeless = np.logical_and.reduce([each.failed for each in candidates])
    first = min(candidates, key=lambda each: _rank(each.trial(hopeless)))
    wanted = first.reference()
    trials = {each.trial(hopeless, wanted): each for each in candidates}
    best = min(trials, key=_rank)
    return Choice(len(hopeless), int(hopeless.sum()), tuple(sorted(trials, key=_rank)), trials[best].astray(wanted))


def _rank(trial: Trial) -> tuple[bool, int, float]:
    return not trial.complete, trial.failed + trial.doubtful, trial.total


#: Solves the runs with at most so many attempts each, and shares of the tolerances.
Solve = Callable[[int, Share], Solution]


class Candidate:
    """A method that is tried on some runs.

    Parameters
    ----------
    algorithm
        Its name.
    work
        Operations of an attempt, in additions.
    most
        The most attempts of a run.
    solve
        Solves the runs.
    states
        The names of the states that are saved.
    rtol, atol
        The tolerances, `atol` one for each of these.

    Attributes
    ----------
    failed
        Which runs did, however many attempts they are allowed, shape (runs,).
    complete
        Whether no run needs more attempts than were allowed so far, or none may have more.
    """

    def __init__(
        self,
        algorithm: str,
        work: float,
        most: int,
        solve: Solve,
        states: Sequence[str],
        rtol: float,
        atol: Sequence[float],
    ) -> None:
        self.algorithm, self.work = algorithm, work
        self._most, self._solve, self._states = most, solve, states
        self._rtol, self._atol = rtol, np.array(atol)
        self._values = np.zeros((0, 0, 0))
        self.attempts, self.failed = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        self.complete = False

    def try_with(self, allowed: int) -> None:
        """Solve with at most so many attempts a run."""
        solution = self._solve(min(allowed, self._most), WHOLE)
        self._values = sampled(solution, len(self._states))
        self.attempts = solution.steps.astype(np.int64) + solution.rejected
        unfinished = (solution.status == Status.MAX_STEPS) & (allowed < self._most)
        self.failed = ~np.isin(solution.status, (Status.SUCCESS, Status.STOPPED)) & ~unfinished
        self.complete = not unfinished.any()

    def is_beaten_by(self, other: "Candidate") -> bool:
        """Return whether another has ended, with less work for what it solved, and solved all that this may solve."""
        solved = ~other.failed
        lost = (other.failed & ~self.failed).any()
        less = other.attempts[solved].sum() * other.work <= self.attempts[solved].sum() * self.work
        return other.complete and less and not lost

    def reference(self) -> Reference | None:
        """Return what its runs come to with a smaller absolute tolerance, if they then come out otherwise."""
        if not self._states or not self.complete or self.failed.all():
            return None
        return reference(self._bounded, self._values, self.attempts[~self.failed], self._rtol, self._atol)

    def _bounded(self, allowed: int, share: Share) -> Solution:
        return self._solve(min(allowed, self._most), share)

    def trial(self, hopeless: np.ndarray, wanted: Reference | None = None) -> Trial:
        """Return what is to be told of it; what fails with every candidate does not count."""
        attempts, failed = int(self.attempts[~hopeless].sum()), int((self.failed & ~hopeless).sum())
        doubtful = int(self._differing(wanted).any(axis=0).sum()) if wanted else 0
        return Trial(self.algorithm, attempts, self.work, failed, self.complete, doubtful)

    def astray(self, wanted: Reference | None) -> tuple[str, ...]:
        """Return the states that differ from what is wanted; the name of a vector for all its elements."""
        if wanted is None:
            return ()
        differing = np.flatnonzero(self._differing(wanted).any(axis=1)).tolist()
        return tuple(dict.fromkeys(self._states[index].partition("[")[0] for index in differing))

    def _differing(self, wanted: Reference) -> np.ndarray:
        return wanted.differing(self._values) & ~self.failed


def _method(job: Job, values: np.ndarray, audience: "Audience | None") -> Candidate:
    """Return a job's method as a candidate for some runs, by their swept values."""
    pilot = _with_all_states(job)
    kernel = find_kernel(pilot, "cpu").compiled(audience=audience)

    def solve(attempts: int, share: Share) -> Solution:
        exchange = limited(pilot, attempts, share).exchange
        with as_user_errors(job), closing(engine.load(kernel, exchange, job.configuration.threads)) as solver:
            return solver.solve(values)

    solving, names = job.configuration.solve, job.model.quantities.states
    saved = pilot.configuration.save.states
    states, atol = [names[index] for index in saved], [solving.atol[index] for index in saved]
    work = work_of_an_attempt(job, values[:, :1])
    return Candidate(solving.algorithm, work, solving.max_steps, solve, states, solving.rtol, atol)


def work_of_an_attempt(job: Job, values: np.ndarray) -> float:
    """Return the operations of an attempted step, in additions, on average over the first of a run."""
    if len(job.model.quantities.states) <= _MANY_STATES:
        work, attempts = _counted(job, values, _COUNTED)
        return work / max(1, attempts)
    begun, first = _counted(job, values, _COUNTED_TWICE[0])
    work, attempts = _counted(job, values, _COUNTED_TWICE[1])
    return (work - begun) / (attempts - first) if attempts > first else work / max(1, attempts)


def _counted(job: Job, values: np.ndarray, most: int) -> tuple[float, int]:
    """Return the operations of a run with at most so many attempts, and how many it made."""
    from solvers.execution.python.engine import PythonSolver  # noqa: PLC0415 - imports SymPy
    from solvers.targets.counting import CountingTarget  # noqa: PLC0415

    plan, target = make_plan(limited(job, most), "python"), CountingTarget()
    solution = PythonSolver(plan, target).solve(values)
    return target.work, int(solution.steps[0]) + int(solution.rejected[0])


def limited(job: Job, attempts: int, share: Share = WHOLE) -> Job:
    """Return a job with at most so many attempts a run, and shares of its tolerances."""
    solve = job.configuration.solve
    smallest = float(np.finfo(solve.precision).tiny)
    solve = replace(
        solve,
        max_steps=attempts,
        rtol=solve.rtol * share.rtol,
        atol=tuple(max(each * share.atol, smallest) for each in solve.atol),
    )
    return replace(job, configuration=replace(job.configuration, solve=solve))


# -- keeping the choice -------------------------------------------------------------------------


def _folder(job: Job) -> Path | None:
    try:
        return cache_of(job)
    except CacheUnusableError:
        return None


def _key(job: Job) -> str:
    """Return a digest of all that a choice depends on: what is written in the files, and this program."""
    facts = [digest_of_sources(), job.candidates, job.digests]
    return digest_of(facts)


def _known(note: Mapping[str, Any] | None, candidates: Sequence[str]) -> Choice | None:
    """Return the choice that was kept; None where there is none that makes sense."""
    try:
        trials = tuple(Trial(**trial) for trial in note["trials"]) if note else ()
        found = Choice(int(note["runs"]), int(note["hopeless"]), trials, tuple(note["astray"])) if note else None
    except (TypeError, KeyError, ValueError):
        return None
    return found if found and {trial.algorithm for trial in trials} == {*candidates} else None
