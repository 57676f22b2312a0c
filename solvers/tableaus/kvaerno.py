"""Kvaerno's singly diagonally implicit methods with an explicit first stage.

In each pair both formulas are stiffly accurate: the embedded result is the last stage but one.
"""

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau

_SOURCE = (
    "A. Kvaerno, Singly diagonally implicit Runge-Kutta methods with an explicit first stage, "
    "BIT Numer. Math. 44 (2004) 489-502"
)

#: The root of x^3 - 3 x^2 + 3 x/2 - 1/6 between 0.4 and 0.5; the paper rounds it to 0.4358665215, and with it a.
_GAMMA3 = 0.4358665215084589994

KVAERNO3 = DiagonallyImplicitTableau(
    name="kvaerno3",
    title="Kvaerno 3(2), 4 stages, L-stable and stiffly accurate",
    source=_SOURCE,
    order=3,
    embedded_orders=(2,),
    aliases=("kvaerno32",),
    a=(
        (0.0,),
        (_GAMMA3, _GAMMA3),
        (0.49056338842178057063, 0.073570090069760429956, _GAMMA3),
        (0.30880996997674652335, 1.4905633884217805706, -1.2352398799069860934, _GAMMA3),
    ),
    b=(0.30880996997674652335, 1.4905633884217805706, -1.2352398799069860934, _GAMMA3),
    c=(0.0, 2 * _GAMMA3, 1.0, 1.0),
    error=(-0.18175341844503404728, 1.4169932983520201407, -1.6711064014154450928, _GAMMA3),
    interpolant=DenseOutput(
        order=3,
        coefficients=(
            (1.0, -1.07357009006976043, 0.3823800600465069533),
            (0.0, 4.4716901652653417119, -2.9811267768435611413),
            (1.0452602553351021418, -5.7962401503911625639, 3.5157400151490743286),
            (-1.0452602553351021418, 2.3981200751955812819, -0.91699329835202014067),
        ),
    ),
)

# fmt: off
_KVAERNO5_A = (
    (0.0,),
    (0.26, 0.26),
    (0.13, 0.84033320996790809, 0.26),
    (0.22371961478320505, 0.47675532319799699, -0.06470895363112615, 0.26),
    (0.16648564323248321, 0.1045001884159172, 0.03631482272098715, -0.13090704451073998, 0.26),
    (0.13855640231268224, 0.0, -0.04245337201752043, 0.02446657898003141, 0.61943039072480676, 0.26),
    (0.13659751177640291, 0.0, -0.05496908796538376, -0.04118626728321046, 0.62993304899016403,
     0.06962479448202728, 0.26),
)
_KVAERNO5_DENSE = (
    (0.94532237513594050498, -1.9436900627074985691, 1.612210573575118782, -0.47724537422715781456),
    (0.0, 0.0, 0.0, 0.0),
    (-0.34934551412055711836, 1.6627605331227887144, -2.4053085096870693453, 1.0369244027194539527),
    (-1.8325381805445683244, 3.6350228971889855108, -1.4543034393210219284, -0.3893675446066058092),
    (0.29315594622216835793, 2.568789186001042142, -3.5745604580800920837, 1.3425483748470457304),
    (-3.9774911821191516432, 12.232898073869254033, -10.854624810782292913, 2.6688427135142176469),
    (5.9208965554261687822, -18.155780627474573396, 16.676586644295359028, -4.1817025722469541245),
)
# fmt: on

KVAERNO5 = DiagonallyImplicitTableau(
    name="kvaerno5",
    title="Kvaerno 5(4), 7 stages, L-stable and stiffly accurate",
    source=_SOURCE,
    order=5,
    embedded_orders=(4,),
    aliases=("kvaerno54",),
    a=_KVAERNO5_A,
    b=_KVAERNO5_A[-1],
    c=(0.0, 0.52, 1.230333209967908, 0.895765984350076, 0.436393609858648, 1.0, 1.0),
    error=tuple(new - old for new, old in zip(_KVAERNO5_A[-1], (*_KVAERNO5_A[-2], 0.0), strict=True)),
    interpolant=DenseOutput(order=4, coefficients=_KVAERNO5_DENSE),
)
