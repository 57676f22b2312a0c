"""Round numbers along an axis."""

import math


def ticks(low: float, high: float, count: int, *, logarithmic: bool) -> tuple[list[float], list[str]]:
    """Return round values between two ends, and how they are written.

    Parameters
    ----------
    low, high
        The ends, low below high.
    count
        About how many.
    logarithmic
        Whether they are powers of ten, where two of these are there.
    """
    if logarithmic:
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        if last > first:
            apart = max(1, math.ceil((last - first) / max(1, count)))
            powers = [10.0**power for power in range(first, last + 1, apart)]
            return powers, [f"{power:g}" for power in powers]
        three = [low, math.sqrt(low * high), high]
        return three, [f"{value:.3g}" for value in three]
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda each: abs(math.log(each / rough)))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    values = [place * step for place in places]
    digits = max(0, -math.floor(math.log10(step)))
    largest = max(map(abs, values), default=0.0)
    if digits > 6 or largest >= 1e7:
        return values, [f"{value:.6g}" for value in values]
    return values, [f"{value:.{digits}f}" for value in values]
