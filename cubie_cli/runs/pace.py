"""How many runs the next chunk has: as many as take about a second, within what memory holds and a device needs."""

from solvers.execution.solver import Solver

#: Seconds that a chunk should take: what is lost where a command is stopped, and what one notes of the pace.
CHUNK_SECONDS = 1.0
#: How many times as long as the one before a chunk is at most, so that a first few quick runs promise nothing.
GROWTH = 8
#: What a clock tells apart.
_LEAST_SECONDS = 1e-9
#: Bytes of results that a chunk has at most, where that keeps the device busy.
CHUNK_BYTES = 192 << 20


class Pace:
    """The number of runs in the next chunk.

    Parameters
    ----------
    fewest, most
        Bounds; the latter decides where they exclude each other.
    total
        How many runs there are.

    Attributes
    ----------
    runs
        The number at present.
    most
        What it will never exceed.
    total
        The runs there are.
    seconds_a_run
        What a run of the last chunk took.
    """

    def __init__(self, fewest: int, most: int, total: int) -> None:
        self._fewest, self.most, self.total = min(fewest, most), most, total
        self.runs = self._fewest
        self.seconds_a_run = 0.0

    def measured(self, runs: int, seconds: float) -> None:
        """Learn what some runs took."""
        self.seconds_a_run = seconds / runs
        wanted = int(min(runs * CHUNK_SECONDS / max(seconds, _LEAST_SECONDS), self.most))
        self.runs = min(max(wanted, self._fewest), GROWTH * max(runs, self._fewest), self.most)


def pace_of(solver: Solver, runs: int, chosen: int | None = None) -> Pace:
    """Return the pace at which a solver is given runs.

    Parameters
    ----------
    runs
        How many there are.
    chosen
        The number of runs in each chunk, where the user says so and memory allows.
    """
    fits = solver.runs_per_chunk(runs)
    if chosen:
        return Pace(min(fits, chosen), min(fits, chosen), runs)
    bounded = max(solver.fewest, CHUNK_BYTES // solver.exchange.result_bytes_per_run)
    return Pace(solver.fewest, min(fits, bounded), runs)
