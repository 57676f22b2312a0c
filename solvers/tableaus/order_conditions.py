"""Order conditions of Runge-Kutta methods, from rooted trees.

A method has order p when every rooted tree t of at most p vertices satisfies

    sum_i b_i Phi_i(t) = 1 / gamma(t)

where Phi of a single vertex is 1, Phi of a tree is the product over its root's branches of A Phi(branch), and
the density gamma is the number of vertices times the product of the branches' densities. Continuous weights
b_i(theta) have to give theta^|t| / gamma(t) instead. In Rosenbrock methods beta = alpha + Gamma takes the place of A
below vertices of one branch, alpha below all others.

Sources
-------
J. C. Butcher, Numerical Methods for Ordinary Differential Equations, 3rd edition, Wiley 2016, chapter 3.
E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., Springer 1993, II.
E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.7.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Row = tuple[float, ...]


@dataclass(frozen=True)
class RootedTree:
    """A rooted tree, in a list where every tree comes after its branches.

    Parameters
    ----------
    order
        Number of vertices.
    density
        gamma, an integer.
    branches
        Positions in the list of the trees left when the root is removed, largest position first.
    """

    order: int
    density: int
    branches: tuple[int, ...]


@cache
def rooted_trees(order: int) -> tuple[RootedTree, ...]:
    """Return all rooted trees of at most `order` vertices, smaller trees first.

    There are 1, 1, 2, 4, 9, 20, 48, 115, 286, 719 of them with 1 to 10 vertices.
    """
    if order == 1:
        return (RootedTree(1, 1, ()),)
    smaller = rooted_trees(order - 1)
    return smaller + tuple(
        RootedTree(order, order * _density(smaller, branches), branches)
        for branches in _forests(smaller, order - 1, len(smaller) - 1)
    )


def _density(trees: tuple[RootedTree, ...], forest: tuple[int, ...]) -> int:
    product = 1
    for position in forest:
        product *= trees[position].density
    return product


def _forests(trees: tuple[RootedTree, ...], vertices: int, largest: int) -> list[tuple[int, ...]]:
    """Return the multisets of trees, up to position `largest`, which have `vertices` vertices together."""
    if vertices == 0:
        return [()]
    return [
        (first, *rest)
        for first in range(largest + 1)
        if trees[first].order <= vertices
        for rest in _forests(trees, vertices - trees[first].order, first)
    ]


def stage_weights(a: Array, order: int, single: Array | None = None) -> Array:
    """Return Phi_i(t) of every tree up to an order.

    Parameters
    ----------
    a
        Coefficients, shape (stages, stages).
    order
        Vertices of the largest trees.
    single
        What takes the place of `a` below vertices of one branch, in Rosenbrock methods; None: `a`.

    Returns
    -------
    Shape (trees, stages), trees as in `rooted_trees`.
    """
    trees = rooted_trees(order)
    phi = np.ones((len(trees), len(a)))
    for position, tree in enumerate(trees):
        matrix = single if single is not None and len(tree.branches) == 1 else a
        for branch in tree.branches:
            phi[position] *= matrix @ phi[branch]
    return phi


def residuals(
    a: Array,
    weights: Array,
    order: int,
    theta: float = 1.0,
    sizes: Array | None = None,
    single: Array | None = None,
) -> Array:
    """Return how far weights are from each order condition, relative to the terms of its sum.

    Parameters
    ----------
    a, single
        As for `stage_weights`.
    weights
        b, or b(theta), shape (stages,).
    order
        Vertices of the largest trees.
    theta
        The fraction of the step which the weights reach.
    sizes
        What the weights are rounded relative to, shape (stages,); None: their absolute values.

    Returns
    -------
    One value a tree, shape (trees,): the difference of the two sides over the same sum taken with absolute
    values of all coefficients. Rounding alone leaves a small multiple of 1e-16 in it.
    """
    trees = rooted_trees(order)
    wanted = np.array([theta**tree.order / tree.density for tree in trees])
    largest = stage_weights(np.abs(a), order, None if single is None else np.abs(single))
    terms = largest @ (np.abs(weights) if sizes is None else sizes)
    gaps = np.abs(stage_weights(a, order, single) @ weights - wanted)
    return np.asarray(gaps / (terms + wanted))
