"""Has a small batch go wrong in many ways; each time nothing may be lost or wrong, and the end must be clear.

    python -m tests.faults [KIND ...] [--seed N] [--first I] [--times N] [--record FILE]

A fault is made of the seed and its number, so that `--first I --times 1` repeats it. Each command that meets one has to
end soon, with an exit code of the contract and one message; a result that is there has to be right to the last bit; and
once the fault is gone, `--resume`, or `--force` where that refuses, has to come to the result, and leave nothing else.
"""

import argparse
import json
import sys
import traceback
from collections import Counter
from pathlib import Path

from tests.faults.child import WrongError
from tests.faults.kinds import KINDS, why_not
from tests.faults.scene import Scenes


def injected(kind: str, seed: int, first: int, times: int) -> tuple[Counter[str], list[int]]:
    """Return how many faults of a kind ended with what, and the numbers of those that ended wrongly."""
    ways: Counter[str] = Counter()
    found: list[int] = []
    fault = KINDS[kind]
    scenes = Scenes(kind, getattr(fault, "target", "python"))
    try:
        for number in range(first, first + times):
            try:
                with scenes.scene(seed, number) as scene:
                    ways[fault(scene)] += 1
            except WrongError as error:
                found.append(number)
                place = traceback.extract_tb(error.__traceback__)[1].line
                print(f"{kind} --seed {seed} --first {number}: {error} ({place})", flush=True)
    finally:
        scenes.close()
    return ways, found


def main() -> None:
    """Inject faults as the options say; exit with 1 where one ended wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "kinds", nargs="*", choices=[*KINDS, []], metavar="KIND", help=f"of {', '.join(KINDS)}; default: all"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--record", type=Path, help="add a line for each kind to this file")
    options = parser.parse_args()
    wrong = 0
    for kind in options.kinds or KINDS:
        if reason := why_not(kind):
            print(f"{kind}: left out: {reason}")
            continue
        ways, found = injected(kind, options.seed, options.first, options.times)
        wrong += len(found)
        print(f"{kind}: {options.times} times, {len(found)} wrong: {dict(sorted(ways.items()))}", flush=True)
        if options.record:
            line = {"kind": kind, "seed": options.seed, "first": options.first, "times": options.times, "wrong": found}
            with options.record.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
