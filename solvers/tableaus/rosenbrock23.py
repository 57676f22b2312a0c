"""The Rosenbrock method of order 2 of the MATLAB ODE suite.

In the original form, with gamma = 1/(2 + sqrt 2) and e = 6 + sqrt 2: alpha_21 = 1/2, alpha_32 = 1; gamma_21 = -gamma,
gamma_31 = gamma (e - 2), gamma_32 = -gamma e; b = (0, 1, 0), b_hat = (1, 4, 1)/6.
"""

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.rosenbrock import RosenbrockTableau

ROSENBROCK23 = RosenbrockTableau(
    name="rosenbrock23",
    title="Shampine and Reichelt's modified Rosenbrock triple 2(3), L-stable",
    source=(
        "L. F. Shampine, M. W. Reichelt, The MATLAB ODE suite, SIAM J. Sci. Comput. 18 (1997) 1-22; "
        "advances with order 2, with their quadratic interpolant"
    ),
    order=2,
    embedded_orders=(3,),
    aliases=("ode23s", "ros23"),
    gamma=0.2928932188134524756,
    a=((), (1.7071067811865475244,), (3.4142135623730950488, 3.4142135623730950488)),
    c=((), (-3.4142135623730950488,), (-6.8284271247461900976, -25.31370849898476039)),
    alpha=(0.0, 0.5, 1.0),
    d=(0.2928932188134524756, 0.0, -0.2928932188134524756),
    m=(3.4142135623730950488, 3.4142135623730950488, 0.0),
    error=(-0.5690355937288491748, -3.0808802290397617155, -0.5690355937288491748),
    w_order=2,
    interpolant=DenseOutput(
        2,
        ((3.4142135623730950488, 0.0), (-4.8284271247461900976, 8.2426406871192851464), (0.0, 0.0)),
    ),
)
