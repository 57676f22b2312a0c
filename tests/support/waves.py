"""A decay driven by a square wave of swept period, width and start, and its solution, composed piece by piece."""

import numpy as np
from support.systems import make_system

RATE, LEVEL = 1.5, 2.0
SWEPT = ("period", "width", "start")


def square_wave():
    """Return x' = -RATE*x + LEVEL within each pulse, and w, the pulses themselves."""
    return make_system(
        {"x": 0.5},
        {"x": f"w - {RATE}*x"},
        dict.fromkeys(SWEPT, 1.0),
        {
            "phase": "t - start - period*floor((t - start)/period)",
            "w": f"Piecewise(({LEVEL}, phase < width), (0, True))",
        },
    )


def square_wave_solution(times, period, width, start):
    """Return x at rising times of one run."""
    first = int(np.floor((times[0] - start) / period)) - 1
    last = int(np.floor((times[-1] - start) / period)) + 1
    rises = start + period * np.arange(first, last + 1)
    edges = np.sort(np.concatenate([rises, rises + width]))
    t, x, found = 0.0, 0.5, []
    for time in times:
        for stop in [*edges[(edges > t) & (edges < time)], time]:
            middle = (t + stop) / 2 - start
            level = (LEVEL if middle - period * np.floor(middle / period) < width else 0.0) / RATE
            t, x = stop, level + (x - level) * np.exp(-RATE * (stop - t))
        found.append(x)
    return np.array(found)
