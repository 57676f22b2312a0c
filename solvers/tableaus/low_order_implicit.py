"""Implicit methods of order 1 and 2."""

from dataclasses import replace

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau

BACKWARDS_EULER = DiagonallyImplicitTableau(
    name="backwards_euler",
    title="Backward Euler, L-stable",
    source=(
        "C. F. Curtiss, J. O. Hirschfelder, Integration of stiff equations, Proc. Natl. Acad. Sci. USA 38 (1952) "
        "235-243; the error is the difference to the trapezoidal rule over the same slopes, filtered"
    ),
    order=1,
    embedded_orders=(2,),
    aliases=("backward_euler", "implicit_euler"),
    a=((1.0,),),
    b=(1.0,),
    c=(1.0,),
    error=(-1 / 2, 1 / 2),
    filtered=True,
    interpolant=DenseOutput(1, ((0.0,), (1.0,))),
)

#: The same data: the predictor is an explicit Euler step, which is also what `predictors` say.
BACKWARDS_EULER_PC = replace(
    BACKWARDS_EULER,
    name="backwards_euler_pc",
    title="Backward Euler with an explicit Euler predictor, L-stable",
    aliases=("backward_euler_pc",),
)

IMPLICIT_MIDPOINT = DiagonallyImplicitTableau(
    name="implicit_midpoint",
    title="Implicit midpoint rule, A-stable and symplectic",
    source=(
        "E. Hairer, C. Lubich, G. Wanner, Geometric Numerical Integration, 2nd ed., Springer 2006, I.1 and VI.4; the "
        "error is half the difference to an explicit Euler step, filtered, as for Gauss-Legendre of order 2, the same "
        "method"
    ),
    order=2,
    embedded_orders=(1,),
    a=((1 / 2,),),
    b=(1.0,),
    c=(1 / 2,),
    error=(-1 / 2, 1 / 2, 0.0),
    filtered=True,
    interpolant=DenseOutput(1, ((0.0,), (1.0,), (0.0,))),
)

CRANK_NICOLSON = DiagonallyImplicitTableau(
    name="crank_nicolson",
    title="Crank-Nicolson, the trapezoidal rule with an error estimate, A-stable",
    source=(
        "J. Crank, P. Nicolson, A practical method for numerical evaluation of solutions of partial differential "
        "equations of the heat-conduction type, Proc. Cambridge Philos. Soc. 43 (1947) 50-67; the error is the "
        "difference to y + h f(t + h, y_new), filtered: backward Euler's, without a second system to solve"
    ),
    order=2,
    embedded_orders=(1,),
    a=((0.0,), (1 / 2, 1 / 2)),
    b=(1 / 2, 1 / 2),
    c=(0.0, 1.0),
    error=(1 / 2, -1 / 2),
    filtered=True,
    interpolant=DenseOutput(1, ((1 / 2,), (1 / 2,))),
)

#: The same data under the name it has among Runge-Kutta methods.
TRAPEZOIDAL = replace(
    CRANK_NICOLSON,
    name="trapezoidal",
    title="Trapezoidal rule (Lobatto IIIA of order 2), A-stable",
    aliases=("implicit_trapezoidal", "trapezoid"),
)

_GAMMA = 0.2928932188134524756

SDIRK2 = DiagonallyImplicitTableau(
    name="sdirk2",
    title="Alexander's SDIRK of order 2, 2 stages, L-stable and stiffly accurate, gamma = 1 - 1/sqrt 2",
    source=(
        "R. Alexander, Diagonally implicit Runge-Kutta methods for stiff O.D.E.'s, SIAM J. Numer. Anal. 14 (1977) "
        "1006-1021; the error is the difference to the weights of the nodes 0, gamma and 1 which are of order 3 for "
        "linear systems, filtered"
    ),
    order=2,
    embedded_orders=(2,),
    aliases=("sdirk22",),
    a=((_GAMMA,), (0.7071067811865475244, _GAMMA)),
    b=(0.7071067811865475244, _GAMMA),
    c=(_GAMMA, 1.0),
    error=(0.47140452079103168293, -2 / 3, 0.19526214587563498373),
    filtered=True,
    interpolant=DenseOutput(
        order=2,
        coefficients=(
            (0.0, 0.0),
            (1.4142135623730950488, -0.7071067811865475244),
            (-0.4142135623730950488, 0.7071067811865475244),
        ),
    ),
)

_OMEGA = 0.3535533905932737622

TR_BDF2 = DiagonallyImplicitTableau(
    name="tr_bdf2",
    title="TR-BDF2 2(3), L-stable and stiffly accurate, gamma = 1 - 1/sqrt 2",
    source=(
        "M. E. Hosea, L. F. Shampine, Analysis and implementation of TR-BDF2, Appl. Numer. Math. 20 (1996) 21-37; "
        "with their embedded formula of order 3 and filter"
    ),
    order=2,
    embedded_orders=(3,),
    aliases=("trbdf2",),
    a=((0.0,), (_GAMMA, _GAMMA), (_OMEGA, _OMEGA, _GAMMA)),
    b=(_OMEGA, _OMEGA, _GAMMA),
    c=(0.0, 0.5857864376269049512, 1.0),
    error=(0.1380711874576983496, -1 / 3, 0.19526214587563498373),
    filtered=True,
    interpolant=DenseOutput(
        order=2,
        coefficients=(
            (0.7071067811865475244, -0.3535533905932737622),
            (0.7071067811865475244, -0.3535533905932737622),
            (-0.4142135623730950488, 0.7071067811865475244),
        ),
    ),
)
