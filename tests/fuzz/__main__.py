"""Reads many inputs that are nearly valid; each is accepted, or refused with a message, soon and in little memory.

    python -m tests.fuzz TARGET [--seed N] [--first I] [--cases N] [--record FILE]

A case is made of the seed and its number alone, so that `--first I --cases 1` repeats it. `--record` adds a line with
what was run and what was found to a file, such as `record.jsonl` here: what is found there has been mended since, in
the code or in how cases are made. Only a few cases of each target run with the tests.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from random import Random

from cubie_cli.documents.messages import counted
from tests.fuzz.targets import TARGETS, scratch
from tests.fuzz.watching import Outcome, watched

#: Cases after which what was found so far is printed.
_PROGRESS = 10_000


def fuzzed(
    target: str, seed: int, first: int, cases: int, patience: float = 1.0
) -> tuple[Counter[str], dict[int, Outcome]]:
    """Return how many cases ended with what, and those that ended with what should not be."""
    kinds: Counter[str] = Counter()
    found: dict[int, Outcome] = {}
    make = TARGETS[target]
    with scratch():
        for number in range(first, first + cases):
            outcome = watched(make(Random(f"{target}:{seed}:{number}")), patience)  # noqa: S311 - to be repeated
            kinds[outcome.kind] += 1
            if outcome.is_wrong:
                found[number] = outcome
                print(f"{target} --seed {seed} --first {number}: {outcome.kind}: {outcome.told}", flush=True)
            if (number + 1 - first) % _PROGRESS == 0:
                print(f"{target}: {dict(kinds)}", flush=True)
    return kinds, found


def main() -> None:
    """Fuzz as the options say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    started = time.process_time()
    kinds, found = fuzzed(options.target, options.seed, options.first, options.cases)
    seconds = time.process_time() - started
    print(f"{counted(options.cases, 'case')} in {seconds:.0f} s of a processor: {dict(kinds)}")
    if options.record:
        line = {"target": options.target, "seed": options.seed, "first": options.first, "cases": options.cases}
        line |= {**kinds, "found": list(found)}
        with options.record.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")


if __name__ == "__main__":
    main()
