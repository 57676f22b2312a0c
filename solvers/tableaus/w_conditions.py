"""Order conditions of W-methods: Rosenbrock methods with any matrix in place of the Jacobian.

Below a vertex of one branch stands either alpha or Gamma. The trees with alpha everywhere need 1/gamma(t) as those
of Runge-Kutta methods do; a tree with any Gamma needs 0.

Sources
-------
T. Steihaug, A. Wolfbrandt, An attempt to avoid exact Jacobian and nonlinear equations in the numerical solution of
stiff differential equations, Math. Comp. 33 (1979) 521-534.
E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.7.
"""

from itertools import product

import numpy as np

from solvers.tableaus.order_conditions import Array, RootedTree, rooted_trees

#: Phi of a tree with its choices, the same of absolute values, and whether alpha was chosen everywhere.
_Variant = tuple[Array, Array, bool]


def w_residuals(alpha: Array, gamma: Array, weights: Array, order: int) -> Array:
    """Return how far weights are from each order condition, relative to the terms of its sum.

    Parameters
    ----------
    alpha, gamma
        Coefficients, shape (stages, stages).
    weights
        b, shape (stages,).
    order
        Vertices of the largest trees.

    Returns
    -------
    One value a tree and choice.
    """
    trees = rooted_trees(order)
    variants: list[list[_Variant]] = []
    for tree in trees:
        variants.append(_variants(tree, variants, alpha, gamma))
    tiny = np.finfo(float).tiny
    return np.array(
        [
            abs(phi @ weights - wanted) / (sizes @ np.abs(weights) + wanted + tiny)
            for tree, choices in zip(trees, variants, strict=True)
            for phi, sizes, pure in choices
            for wanted in [1.0 / tree.density if pure else 0.0]
        ]
    )


def _variants(tree: RootedTree, smaller: list[list[_Variant]], alpha: Array, gamma: Array) -> list[_Variant]:
    ones = np.ones(len(alpha))
    found = [(ones, ones, True)] if not tree.branches else []
    for branches in product(*(smaller[branch] for branch in tree.branches)) if tree.branches else ():
        phi = np.prod([alpha @ branch[0] for branch in branches], axis=0)
        sizes = np.prod([np.abs(alpha) @ branch[1] for branch in branches], axis=0)
        found.append((phi, sizes, all(branch[2] for branch in branches)))
        if len(branches) == 1:
            found.append((gamma @ branches[0][0], np.abs(gamma) @ branches[0][1], False))
    return found
