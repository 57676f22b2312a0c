"""Distributions against their theory."""

import math

import numpy as np
import pytest
from scipy import stats

from cubie_cli.batches.distributions import Choice, Correlated, Flat, Normal, triangle_of
from cubie_cli.batches.points import METHODS
from cubie_cli.batches.sample import Sample

COUNT = 1 << 13
CASES = {
    "uniform": (Flat("a", -2.0, 5.0), stats.uniform(-2.0, 7.0)),
    "loguniform": (Flat("a", 0.01, 100.0, logarithmic=True), stats.loguniform(0.01, 100.0)),
    "normal": (Normal("a", 5.0, 2.0), stats.norm(5.0, 2.0)),
    "lognormal": (Normal("a", 5.0, 0.3, logarithmic=True), stats.lognorm(0.3, scale=5.0)),
    "above": (Normal("a", 5.0, 2.0, least=6.0), stats.truncnorm(0.5, math.inf, 5.0, 2.0)),
    "between": (Normal("a", 5.0, 2.0, least=4.0, most=8.0), stats.truncnorm(-0.5, 1.5, 5.0, 2.0)),
    "far above": (Normal("a", 0.0, 1.0, least=9.0, most=10.0), stats.truncnorm(9.0, 10.0)),
    "far below": (Normal("a", 0.0, 1.0, least=-30.0, most=-20.0), stats.truncnorm(-30.0, -20.0)),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_values_have_their_distribution(name, method):
    drawn, theory = CASES[name]
    values = Sample((drawn,), COUNT, method, 3).at(np.arange(COUNT))[0]
    assert stats.kstest(values, theory.cdf).pvalue > 0.01


@pytest.mark.parametrize("name", CASES)
def test_no_number_makes_an_infinite_value_or_one_beyond_the_limits(name):
    drawn, theory = CASES[name]
    least, most = theory.support()
    values = drawn.values(np.array([[0.0, 2.0**-60, 0.5, 1.0 - 2.0**-53, 1.0]]))[0]
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0.0).all()
    assert values[0] >= least * (1.0 - 1e-15 * np.sign(least)) or least == -math.inf
    assert values[-1] <= most or math.isclose(values[-1], most)


def test_a_truncated_lognormal_is_one_of_logarithms():
    drawn = Normal("a", 1.0, 0.5, logarithmic=True, least=0.5, most=3.0)
    values = Sample((drawn,), COUNT, "random", 1).at(np.arange(COUNT))[0]
    theory = stats.truncnorm(math.log(0.5) / 0.5, math.log(3.0) / 0.5)
    assert stats.kstest(np.log(values) / 0.5, theory.cdf).pvalue > 0.01
    assert drawn.share == pytest.approx(stats.norm.cdf(math.log(3.0) / 0.5) - stats.norm.cdf(math.log(0.5) / 0.5))


def test_choices_are_as_likely():
    values = Sample((Choice("a", (1.0, 2.0, 4.0)),), 3000, "latin_hypercube", 1).at(np.arange(3000))
    assert np.unique(values, return_counts=True)[1].tolist() == [1000, 1000, 1000]
    assert Choice("a", (1.0, 2.0)).values(np.array([[1.0]])).item() == 2.0


COVARIANCE = np.array([[1.0, 0.5, -0.3], [0.5, 2.0, 0.4], [-0.3, 0.4, 0.8]])


@pytest.mark.parametrize("logarithmic", [False, True])
def test_correlated_quantities_have_their_covariance(logarithmic):
    triangle = triangle_of(COVARIANCE.tolist())
    drawn = Correlated(("a", "b", "c"), (1.0, 2.0, 3.0), triangle, logarithmic)
    values = Sample((drawn,), COUNT, "sobol", 1).at(np.arange(COUNT))
    found = np.log(values) if logarithmic else values
    assert np.cov(found) == pytest.approx(COVARIANCE, abs=5e-3)
    assert np.median(values, axis=1) == pytest.approx([1.0, 2.0, 3.0], rel=5e-3)
    assert stats.kstest(found[1] - found[1].mean(), stats.norm(0.0, math.sqrt(2.0)).cdf).pvalue > 0.01


def test_a_triangle_of_a_matrix_that_has_one():
    for rank in (1, 3, 6):
        rows = np.random.default_rng(rank).standard_normal((6, rank))
        covariance = rows @ rows.T
        triangle = np.array(triangle_of(covariance.tolist()))
        assert triangle @ triangle.T == pytest.approx(covariance, abs=1e-12)
    assert triangle_of([[0.0, 0.0], [0.0, 1.0]]) == ((0.0, 0.0), (0.0, 1.0))
    assert np.linalg.cholesky(COVARIANCE) == pytest.approx(np.array(triangle_of(COVARIANCE.tolist())))


@pytest.mark.parametrize("matrix", [[[1.0, 1.1], [1.1, 1.0]], [[0.0, 0.1], [0.1, 1.0]]])
def test_a_matrix_without_one(matrix):
    assert triangle_of(matrix) is None


def test_what_is_drawn_does_not_depend_on_the_chunk():
    drawn = (CASES["lognormal"][0], Correlated(("b", "c", "d"), (1.0, 2.0, 3.0), triangle_of(COVARIANCE.tolist())))
    sample = Sample(drawn, 1000, "random", 3)
    whole = sample.at(np.arange(1000))
    for first, last in ((0, 1), (1, 8), (333, 1000)):
        assert np.array_equal(sample.at(np.arange(first, last)), whole[:, first:last])
