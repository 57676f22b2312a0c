"""Piecewise polynomials through the rows of a table: their coefficients, in the share of each piece that is passed.

On a piece from t_i to t_(i+1) the value is c_0 + c_1 s + c_2 s^2 + c_3 s^3, with s from 0 to 1.
"""

import numpy as np

Array = np.ndarray


def coefficients(method: str, times: Array, values: Array, *, joined: bool) -> Array:
    """Return the coefficients of all pieces.

    Parameters
    ----------
    method
        "hold", "linear", "cubic" or "pchip".
    times, values
        The rows, at least two, float64; times rise.
    joined
        Whether the last piece is followed by the first, and their ends are of one value.

    Returns
    -------
    numpy.ndarray
        Shape (pieces, coefficients of each). For "hold" there is a piece for each row.
    """
    if method == "hold":
        return values[:, None].copy()
    rises = np.diff(values)
    if method == "linear":
        return np.stack([values[:-1], rises], axis=1)
    widths = np.diff(times)
    slopes = (_spline_slopes if method == "cubic" else _monotone_slopes)(widths, rises / widths, joined=joined)
    first, last = widths * slopes[:-1], widths * slopes[1:]
    return np.stack([values[:-1], first, 3.0 * rises - 2.0 * first - last, first + last - 2.0 * rises], axis=1)


# -- cubic splines ------------------------------------------------------------------------------


def _spline_slopes(widths: Array, secants: Array, *, joined: bool) -> Array:
    """Return the slopes at all rows of the cubic spline whose second derivative is continuous.

    At its ends the spline is "not a knot": the first two pieces are of one polynomial, and the last two. A joined one
    has the same first and second derivative at both ends. C. de Boor, A Practical Guide to Splines (1978), chapter IV.
    """
    if joined:
        return _periodic_slopes(widths, secants)
    if len(widths) == 1:
        return np.repeat(secants, 2)
    if len(widths) == 2:
        return _parabola_slopes(widths, secants)
    below, diagonal, above, right = _inner_rows(widths, secants)
    first, second = widths[0] + widths[1], widths[-1] + widths[-2]
    start = ((widths[0] + 2.0 * first) * widths[1] * secants[0] + widths[0] ** 2 * secants[1]) / first
    end = (widths[-1] ** 2 * secants[-2] + (2.0 * second + widths[-1]) * widths[-2] * secants[-1]) / second
    return _solved(
        np.append(below, second),
        np.concatenate([widths[1:2], diagonal, widths[-2:-1]]),
        np.append(first, above),
        np.concatenate([[start], right, [end]]),
    )


def _parabola_slopes(widths: Array, secants: Array) -> Array:
    bend = (secants[1] - secants[0]) / (widths[0] + widths[1])
    start = secants[0] - bend * widths[0]
    return np.array([start, secants[0] + bend * widths[0], secants[1] + bend * widths[1]])


def _inner_rows(widths: Array, secants: Array) -> tuple[Array, Array, Array, Array]:
    """Return for each inner row what slopes before it, at it and after it count, and what they come to."""
    before, after = widths[:-1], widths[1:]
    return after, 2.0 * (before + after), before, 3.0 * (after * secants[:-1] + before * secants[1:])


def _periodic_slopes(widths: Array, secants: Array) -> Array:
    count = len(widths)
    below, diagonal, above, right = _inner_rows(np.append(widths[-1], widths), np.append(secants[-1], secants))
    if count < 3:
        matrix = np.zeros((count, count))
        for row in range(count):
            for column, number in ((row - 1, below), (row, diagonal), (row + 1, above)):
                matrix[row, column % count] += number[row]
        slopes = np.linalg.solve(matrix, right)
    else:
        slopes = _solved_round(below, diagonal, above, right)
    return np.append(slopes, slopes[0])


def _solved_round(below: Array, diagonal: Array, above: Array, right: Array) -> Array:
    """Solve a system whose corners are not zero, as a tridiagonal one and a change of rank 1."""
    shift = -diagonal[0]
    inner = diagonal.copy()
    inner[0] -= shift
    inner[-1] -= below[0] * above[-1] / shift
    change = np.zeros_like(right)
    change[0], change[-1] = shift, above[-1]
    plain, bent = (_solved(below[1:], inner, above[:-1], each) for each in (right, change))
    corner = below[0] / shift
    solution: Array = plain - bent * ((plain[0] + corner * plain[-1]) / (1.0 + bent[0] + corner * bent[-1]))
    return solution


def _solved(below: Array, diagonal: Array, above: Array, right: Array) -> Array:
    """Solve a tridiagonal system; no row has to change places."""
    # Python's own numbers are three times as quick one by one as NumPy's.
    lower, middle, upper, values = (each.tolist() for each in (below, diagonal, above, right))
    for row, factor in enumerate(lower):
        share = factor / middle[row]
        middle[row + 1] -= share * upper[row]
        values[row + 1] -= share * values[row]
    values[-1] /= middle[-1]
    for row in range(len(values) - 2, -1, -1):
        values[row] = (values[row] - upper[row] * values[row + 1]) / middle[row]
    return np.array(values)


# -- interpolation that does not overshoot ------------------------------------------------------


def _monotone_slopes(widths: Array, secants: Array, *, joined: bool) -> Array:
    """Return slopes with which pieces are monotone where rows are.

    F. N. Fritsch and J. Butland, A method for constructing local monotone piecewise cubic interpolants, SIAM J. Sci.
    Stat. Comput. 5 (1984); at the ends the three-point rule of C. Moler, Numerical Computing with MATLAB (2004), 3.4.
    A joined course goes on across its ends as across any row.
    """
    if joined:
        inner = _inner_slopes(np.append(widths[-1], widths), np.append(secants[-1], secants))
        return np.append(inner, inner[0])
    if len(widths) == 1:
        return np.repeat(secants, 2)
    ends = (_end_slope(*map(float, (*w[:2], *s[:2]))) for w, s in ((widths, secants), (widths[::-1], secants[::-1])))
    start, end = ends
    return np.concatenate([[start], _inner_slopes(widths, secants), [end]])


def _inner_slopes(widths: Array, secants: Array) -> Array:
    before, after = widths[:-1], widths[1:]
    rises = np.sign(secants[:-1]) * np.sign(secants[1:]) > 0.0
    first, second = (np.where(rises, each, 1.0) for each in (secants[:-1], secants[1:]))
    early, late = 2.0 * after + before, after + 2.0 * before
    return np.where(rises, (early + late) / (early / first + late / second), 0.0)


def _end_slope(width: float, next_width: float, secant: float, next_secant: float) -> float:
    slope = ((2.0 * width + next_width) * secant - width * next_secant) / (width + next_width)
    if np.sign(slope) != np.sign(secant):
        return 0.0
    if np.sign(secant) != np.sign(next_secant) and abs(slope) > 3.0 * abs(secant):
        return 3.0 * secant
    return slope
