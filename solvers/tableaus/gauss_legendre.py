"""Collocation at the Gauss nodes: order 2s, A-stable, symplectic.

The nodes are the zeros of the s-th derivative of x^s (x-1)^s, the rest follows from the collocation conditions
sum_j a_ij c_j^(k-1) = c_i^k/k; all computed with 60 digits. The method of 2 stages has no real eigenvalue to share
with the filter of its error, whose gamma_0 is 1/|lambda| of the pair.
"""

from solvers.tableaus.fully_implicit import FullyImplicitTableau, Transformation

_SOURCE = (
    "J. C. Butcher, Implicit Runge-Kutta processes, Math. Comp. 18 (1964) 50-64; E. Hairer, G. Wanner, Solving "
    "Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.5; the error as they have it for Radau IIA in IV.8"
)

# fmt: off
_GAUSS_LEGENDRE_2_A = (
    (0.5,),
)
_GAUSS_LEGENDRE_2_T = (
    (1.0,),
)
_GAUSS_LEGENDRE_2_INVERSE = (
    (1.0,),
)
# fmt: on

GAUSS_LEGENDRE_2 = FullyImplicitTableau(
    name="gauss_legendre_2",
    title="Gauss-Legendre of order 2, 1 stage (implicit midpoint), A-stable",
    source=_SOURCE,
    order=2,
    embedded_orders=(1,),
    aliases=("gauss2", "gauss_2"),
    a=_GAUSS_LEGENDRE_2_A,
    b=(1.0,),
    c=(0.5,),
    error=(-0.5, 0.5),
    error_gamma=0.5,
    transformation=Transformation(
        real=(2.0,),
        pairs=(),
        t=_GAUSS_LEGENDRE_2_T,
        inverse=_GAUSS_LEGENDRE_2_INVERSE,
    ),
    dense_order=1,
)

# fmt: off
_GAUSS_LEGENDRE_4_A = (
    (0.25, -0.038675134594812882255),
    (0.53867513459481288225, 0.25),
)
_GAUSS_LEGENDRE_4_T = (
    (0.0, 0.26794919243112270647),
    (1.0, 0.0),
)
_GAUSS_LEGENDRE_4_INVERSE = (
    (0.0, 1.0),
    (3.7320508075688772935, 0.0),
)
# fmt: on

GAUSS_LEGENDRE_4 = FullyImplicitTableau(
    name="gauss_legendre_4",
    title="Gauss-Legendre of order 4, 2 stages, A-stable",
    source=_SOURCE,
    order=4,
    embedded_orders=(2,),
    aliases=("gauss4", "gauss_4"),
    a=_GAUSS_LEGENDRE_4_A,
    b=(0.5, 0.5),
    c=(0.21132486540518711775, 0.78867513459481288225),
    error=(-0.28867513459481288225, 0.39433756729740644113, -0.10566243270259355887),
    error_gamma=0.28867513459481288225,
    transformation=Transformation(
        real=(),
        pairs=((3.0, 1.7320508075688772935),),
        t=_GAUSS_LEGENDRE_4_T,
        inverse=_GAUSS_LEGENDRE_4_INVERSE,
    ),
    dense_order=2,
)

# fmt: off
_GAUSS_LEGENDRE_6_A = (
    (5 / 36, -0.035976667524938903456, 0.0097894440153083260496),
    (0.30026319498086459244, 2 / 9, -0.02248541720308681466),
    (0.26798833376246945173, 0.4804211119693833479, 5 / 36),
)
_GAUSS_LEGENDRE_6_T = (
    (0.071464556714800770003, -0.082241230573630670649, -0.060120738619308501731),
    (0.11770061780985167215, 0.053065090742061395046, 0.31620505113229157322),
    (0.99047432157564602435, 1.0, 0.0),
)
_GAUSS_LEGENDRE_6_INVERSE = (
    (6.0493219808123956677, 1.15017044898597063, 0.43646978459384641565),
    (-5.9916980849378007756, -1.1392142951557354446, 0.56768788621614161443),
    (-1.2462132735862314108, 2.9255596461923136626, -0.25773520127343249235),
)
# fmt: on

GAUSS_LEGENDRE_6 = FullyImplicitTableau(
    name="gauss_legendre_6",
    title="Gauss-Legendre of order 6, 3 stages, A-stable",
    source=_SOURCE,
    order=6,
    embedded_orders=(3,),
    aliases=("gauss6", "gauss_6"),
    a=_GAUSS_LEGENDRE_6_A,
    b=(5 / 18, 4 / 9, 5 / 18),
    c=(0.11270166537925831148, 0.5, 0.88729833462074168852),
    error=(-0.21531442311611217824, 0.3184135484179201048, -0.1435429487440747855, 0.04044382344226685894),
    error_gamma=0.21531442311611217824,
    transformation=Transformation(
        real=(4.6443707092521711858,),
        pairs=((3.6778146453739144071, 3.5087619195674433219),),
        t=_GAUSS_LEGENDRE_6_T,
        inverse=_GAUSS_LEGENDRE_6_INVERSE,
    ),
    dense_order=3,
)
