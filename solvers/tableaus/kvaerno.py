"""Kvaerno's singly diagonally implicit methods with an explicit first stage.

In each pair both formulas are stiffly accurate: the embedded result is the last stage but one.
"""

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
)
