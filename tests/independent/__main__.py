"""Random systems against SciPy, SUNDIALS' CVODE and heyoka, a third of them with events, switches and drivers.

    python -m tests.independent [--seeds FIRST:BEHIND] [--only METHOD ...] [--peers NAME ...] [--processes N]

A model is made from its seed, in the words of a model file, and its edges, tables and events once more by hand
(`forcings`, `happenings`). Each peer goes from edge to edge (`walk`), and finds crossings in its own way (`peers`). A
run counts where two peers or more come to an end, and to one solution. Then states, observables, times of events and
what they left, and summaries are compared (`comparison`), and what differs by much is looked into (`check`). Where no
peer comes to an end, cubie may not succeed either.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.independent.check import PEERS, Report, examine

_PROGRESS = 50


def examine_all(seeds: Sequence[int], peers: Sequence[str], chosen: Sequence[str], processes: int) -> Iterator[Report]:
    """Yield the report on each seed."""
    one = partial(examine, peers=peers, chosen=chosen)
    if processes == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(one, seeds, chunksize=1)


def main() -> None:
    """Examine what was asked for, print what differs, and a summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.independent", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0:1000", metavar="FIRST:BEHIND")
    parser.add_argument("--only", action="append", default=[], metavar="METHOD")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args()
    seeds = range(*map(int, asked.seeds.split(":")))
    total = Report()
    for number, report in enumerate(examine_all(seeds, asked.peers, asked.only, asked.processes), 1):
        total.add(report)
        for line in (*report.broken, *report.findings):
            print(line, flush=True)
        if number % _PROGRESS == 0 or number == len(seeds):
            print(f"-- {number} systems\n{total}", flush=True)


if __name__ == "__main__":
    main()
