"""Rosenbrock methods of order 3."""

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.rosenbrock import RosenbrockTableau, steinebach

#: In the original form, with gamma = 1/2 + sqrt(3)/6: alpha_21 = alpha_31 = 1; gamma_21 = -1, gamma_31 = -gamma,
#: gamma_32 = 1/2 - 2 gamma; b = (2, 0, 1)/3, b_hat = (1, 1, 1)/3.
ROS3P = RosenbrockTableau(
    name="ros3p",
    title="ROS3P 3(2), 3 stages, A-stable, of no order reduction on parabolic problems",
    source=(
        "J. Lang, J. Verwer, ROS3P - an accurate third-order Rosenbrock solver designed for parabolic problems, "
        "BIT 41 (2001) 731-738"
    ),
    order=3,
    embedded_orders=(2,),
    blind_to="linear equations",
    gamma=0.78867513459481288225,
    a=((), (1.2679491924311227065,), (1.2679491924311227065, 0.0)),
    c=((), (-1.6076951545867362388,), (-3.4641016151377545871, -1.7320508075688772935)),
    alpha=(0.0, 1.0, 1.0),
    d=(0.78867513459481288225, -0.21132486540518711775, -1.0773502691896257645),
    m=(2.0, 0.57735026918962576451, 0.42264973081037423549),
    error=(-0.11324865405187117745, -0.42264973081037423549, 0.0),
    interpolant=DenseOutput(
        order=2,
        coefficients=(
            (2.9585481156726196484, -1.0717967697244908259, 0.11324865405187117745),
            (0.42264973081037423549, -0.26794919243112270647, 0.42264973081037423549),
            (1.154700538379251529, -0.73205080756887729353, 0.0),
        ),
    ),
)

RODAS3 = RosenbrockTableau(
    name="rodas3",
    blind_to="poles",
    title="RODAS3 3(2), 4 stages, L-stable and stiffly accurate",
    source=(
        "A. Sandu, J. G. Verwer, J. G. Blom, E. J. Spee, G. R. Carmichael, F. A. Potra, Benchmarking stiff ODE solvers "
        "for atmospheric chemistry problems II: Rosenbrock solvers, Atmos. Environ. 31 (1997) 3459-3472"
    ),
    order=3,
    embedded_orders=(2,),
    gamma=1 / 2,
    a=((), (0.0,), (2.0, 0.0), (2.0, 0.0, 1.0)),
    c=((), (4.0,), (1.0, -1.0), (1.0, -1.0, -8 / 3)),
    alpha=(0.0, 0.0, 1.0, 1.0),
    d=(1 / 2, 3 / 2, 0.0, 0.0),
    m=(2.0, 0.0, 1.0, 1.0),
    error=(0.0, 0.0, 0.0, 1.0),
    interpolant=DenseOutput(2, ((5.0, -3.0, 0.0), (-1.0, 1.0, 0.0), (3.0, -2.0, 0.0), (9.0, -6.0, -2.0))),
)

_RODAS3P_M = (93 / 32, 27 / 8, 13 / 32, 0.0, 1.0)

#: The last two stages share an argument; one gives y_hat, the other y_new.
RODAS3P = RosenbrockTableau(
    name="rodas3p",
    title="Rodas3P 3(2), 5 stages, L-stable and stiffly accurate, of little order reduction on parabolic problems",
    source=(
        "G. Steinebach, Rosenbrock methods within OrdinaryDiffEq.jl - overview, recent developments and applications, "
        "Proc. JuliaCon Conf. 2024; its second estimate, of the interpolant's error, is not used"
    ),
    order=3,
    embedded_orders=(2,),
    gamma=1 / 3,
    a=((), (4 / 3,), (0.0, 0.0), _RODAS3P_M[:3], _RODAS3P_M[:4]),
    c=(
        (),
        (-4.0,),
        (33 / 4, 27 / 4),
        (39 / 32, -81 / 16, -63 / 32),
        (129 / 32, -243 / 16, -129 / 32, 6.0),
    ),
    alpha=(0.0, 4 / 9, 0.0, 1.0, 1.0),
    d=(1 / 3, -1 / 9, 1.0, 0.0, 0.0),
    m=_RODAS3P_M,
    error=(0.0, 0.0, 0.0, -1.0, 1.0),
    interpolant=steinebach(
        3,
        _RODAS3P_M,
        (57 / 32, 27 / 4, 5 / 32, -6.0, -1.0),
        (135 / 32, -243 / 16, -99 / 32, 9.0, 0.0),
    ),
)
