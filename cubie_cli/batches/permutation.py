"""Permutations of whole numbers that are computed for each number by itself, so that none is ever stored.

A Feistel network (M. Luby and C. Rackoff, SIAM J. Comput. 17, 1988) permutes the numbers of some binary digits. Those
that it sends beyond the range are sent on until they are in it (J. Black and P. Rogaway, CT-RSA 2002).
"""

import numpy as np

_ROUNDS = 8
#: Odd, and otherwise of no pattern: the golden ratio, and the mixing constants of D. Stafford's variant 13.
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def permuted(numbers: np.ndarray, count: int, key: tuple[int, ...]) -> np.ndarray:
    """Return where a permutation of 0 to `count` - 1 sends some numbers.

    Parameters
    ----------
    numbers
        Unsigned, of 64 bits.
    count
        At most 2**62.
    key
        Which permutation: a seed, and what tells permutations of one seed apart.
    """
    digits = (count - 1).bit_length()
    seed, *spawned = key
    keys = np.random.SeedSequence(seed, spawn_key=(*spawned, _ROUNDS)).generate_state(_ROUNDS, np.uint64)
    found = _rounds(numbers, digits, keys)
    while (beyond := found >= np.uint64(count)).any():
        found[beyond] = _rounds(found[beyond], digits, keys)
    return found


def _rounds(numbers: np.ndarray, digits: int, keys: np.ndarray) -> np.ndarray:
    """Return numbers of some binary digits permuted: the upper and the lower half change by turns."""
    shift = np.uint64(digits // 2)
    lower_mask, upper_mask = np.uint64((1 << digits // 2) - 1), np.uint64((1 << digits - digits // 2) - 1)
    upper, lower = numbers >> shift, numbers & lower_mask
    for first, second in keys.reshape(-1, 2):
        upper = upper ^ (_mixed(lower, first) & upper_mask)
        lower = lower ^ (_mixed(upper, second) & lower_mask)
    return (upper << shift) | lower


def _mixed(numbers: np.ndarray, key: np.uint64) -> np.ndarray:
    """Return numbers, each digit of which depends on all of those given and of the key."""
    found = ((numbers + np.uint64(1)) * np.uint64(_GOLDEN)) ^ key
    found = (found ^ (found >> np.uint64(30))) * np.uint64(_FIRST)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(_SECOND)
    mixed: np.ndarray = found ^ (found >> np.uint64(31))
    return mixed
