"""Singly diagonally implicit methods of order 3 and 4 without explicit stages."""

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau

#: The root of x^3 - 3 x^2 + 3 x/2 - 1/6 between 0.4 and 0.5.
_GAMMA = 0.4358665215084589994

SDIRK3 = DiagonallyImplicitTableau(
    name="sdirk3",
    title="Alexander's SDIRK 3(2), 3 stages, L-stable and stiffly accurate",
    source=(
        "R. Alexander, Diagonally implicit Runge-Kutta methods for stiff O.D.E.'s, SIAM J. Numer. Anal. 14 (1977) "
        "1006-1021; the embedded formula is that of order 2 over the first two stages, the error is filtered"
    ),
    order=3,
    embedded_orders=(2,),
    aliases=("sdirk32",),
    a=((_GAMMA,), (0.28206673924577050029, _GAMMA), (1.2084966491760100703, -0.64436317068446906975, _GAMMA)),
    b=(1.2084966491760100703, -0.64436317068446906975, _GAMMA),
    c=(_GAMMA, 0.71793326075422949971, 1.0),
    error=(0.0, _GAMMA, -2 * _GAMMA, _GAMMA),
    filtered=True,
    interpolant=DenseOutput(
        order=2,
        coefficients=(
            (0.0, 0.0, 0.0),
            (4.5118050113618057465, -5.3981200751955812819, 2.0948117130097856058),
            (-5.4783497673885093511, 9.0236100227236114929, -4.1896234260195712116),
            (1.9665447560267036046, -3.625489947528030211, 2.0948117130097856058),
        ),
    ),
)

# fmt: off
#: Hairer and Wanner's polynomials in the stage increments, rewritten in the slopes; the first slope is not used.
_SDIRK4_DENSE = DenseOutput(
    order=3,
    coefficients=(
        (0.0, 0.0, 0.0, 0.0),
        (11 / 3, -463 / 72, 217 / 36, -20 / 9),
        (11 / 2, -385 / 16, 661 / 24, -10.0),
        (-125 / 18, 20125 / 432, -8875 / 216, 250 / 27),
        (0.0, -85 / 4, 85 / 6, 0.0),
        (-11 / 9, 557 / 108, -359 / 54, 80 / 27),
    ),
)
# fmt: on

SDIRK4 = DiagonallyImplicitTableau(
    name="sdirk4",
    title="Hairer and Wanner's SDIRK 4(3), 5 stages, L-stable and stiffly accurate",
    source=(
        "E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.6, Table 6.5; "
        "continuous extension, first guesses and filtered error as in their code SDIRK4"
    ),
    order=4,
    embedded_orders=(3,),
    aliases=("hairer4", "sdirk43"),
    a=(
        (1 / 4,),
        (1 / 2, 1 / 4),
        (17 / 50, -1 / 25, 1 / 4),
        (371 / 1360, -137 / 2720, 15 / 544, 1 / 4),
        (25 / 24, -49 / 48, 125 / 16, -85 / 12, 1 / 4),
    ),
    b=(25 / 24, -49 / 48, 125 / 16, -85 / 12, 1 / 4),
    c=(1 / 4, 3 / 4, 11 / 20, 1 / 2, 1.0),
    error=(0.0, -3 / 16, -27 / 32, 25 / 32, 0.0, 1 / 4),
    filtered=True,
    interpolant=_SDIRK4_DENSE,
    first_guesses=(
        (1.0,),
        (0.0, 1.0),
        (0.0, 2 / 5, 3 / 5),
        (0.0, 159 / 748, 103 / 1496, 1075 / 1496),
        (0.0, 3 / 4, 27 / 8, -25 / 8, 0.0),
    ),
)
