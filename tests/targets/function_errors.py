"""The largest error of each function on each target, as a table; `test_functions` says which errors are allowed.

PYTHONPATH=tests python tests/targets/function_errors.py [TARGET ...]
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from support.accuracy import ONE, TWO, errors_in_units, reference
from test_functions import answered, evaluated


def worst(target, precision):
    """Return the largest error of each function, in units in the last place."""
    _, arguments, found = evaluated(precision, target)
    limits, errors = np.finfo(precision), {}
    for name in [*ONE, "quotient", *TWO]:
        exact = reference(name, arguments)
        units = errors_in_units(found[name], exact)
        flushed = (found[name] == 0.0) & (np.abs(exact) < 4 * limits.tiny)
        errors[name] = float(np.where(flushed | ~answered(target, name, arguments), 0.0, units).max())
    return errors


def main():
    """Print the table."""
    columns = {(t, p): worst(t, p) for t in sys.argv[1:] or ["cpu"] for p in ("float32", "float64")}
    print("| |", " | ".join(f"{target}, {precision}" for target, precision in columns), "|")
    print("|---" * (1 + len(columns)) + "|")
    for name in [*ONE, "quotient", *TWO]:
        print(f"| {name} |", " | ".join(f"{column[name]:.2f}" for column in columns.values()), "|")


if __name__ == "__main__":
    main()
