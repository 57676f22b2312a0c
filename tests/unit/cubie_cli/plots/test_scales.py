"""Round numbers along an axis."""

import numpy as np
import pytest

from cubie_cli.plots.scales import ticks


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 50.0, ["0", "10", "20", "30", "40", "50"]),
        (0.5, 13.6, ["2", "4", "6", "8", "10", "12"]),
        (-1.0, 1.0, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0.28, 0.34, ["0.28", "0.29", "0.30", "0.31", "0.32", "0.33", "0.34"]),
    ],
)
def test_they_are_round(low, high, labels):
    values, told = ticks(low, high, 6, logarithmic=False)
    assert told == labels
    np.testing.assert_allclose(values, np.array(labels, float))


def test_powers_of_ten():
    assert ticks(1e-4, 1e4, 9, logarithmic=True)[1] == [f"{10.0**power:g}" for power in range(-4, 5)]
    assert len(ticks(1e-30, 1e30, 5, logarithmic=True)[0]) <= 6
    assert ticks(2.0, 8.0, 5, logarithmic=True)[1] == ["2", "4", "8"]


@pytest.mark.parametrize(("low", "high"), [(1e-300, 2e-300), (1e300, 1.5e300), (1.0, 1.0 + 1e-12), (-3e8, 5e8)])
def test_any_size(low, high):
    values, told = ticks(low, high, 5, logarithmic=False)
    assert 2 <= len(values) <= 12
    assert len(set(told)) >= 1
    assert max(map(len, told)) < 25
