"""Collocation at the Radau nodes: order 2s - 1, L-stable, stiffly accurate.

The nodes are the zeros of the (s-1)-th derivative of x^(s-1) (x-1)^s, the rest follows from the collocation
conditions sum_j a_ij c_j^(k-1) = c_i^k/k; all computed with 60 digits.
"""

from solvers.tableaus.fully_implicit import FullyImplicitTableau, Transformation

_SOURCE = (
    "B. L. Ehle, On Pade approximations to the exponential function and A-stable methods for the numerical solution of "
    "initial value problems, Univ. of Waterloo CSRR 2010, 1969; E. Hairer, G. Wanner, Solving Ordinary Differential "
    "Equations II, 2nd ed., Springer 1996, IV.5 and IV.8"
)

# fmt: off
_RADAU_IIA_5_A = (
    (0.19681547722366042587, -0.065535425850198388109, 0.02377097434822015242),
    (0.394424314739087277, 0.29207341166522846302, -0.041548752125997930198),
    (0.37640306270046727505, 0.51248582618842161384, 0.11111111111111111111),
)
_RADAU_IIA_5_T = (
    (0.091232394870892942792, -0.14125529502095420843, -0.030029194105147424492),
    (0.24171793270710701896, 0.204129352293799932, 0.3829421127572619378),
    (0.96604818261509293619, 1.0, 0.0),
)
_RADAU_IIA_5_INVERSE = (
    (4.325579890063155351, 0.33919925181580986954, 0.54177053993587487119),
    (-4.1787185915519047273, -0.32768282076106238708, 0.47662355450055045196),
    (-0.50287263494578687595, 2.5719269498556054292, -0.59603920482822492497),
)
# fmt: on

RADAU_IIA_5 = FullyImplicitTableau(
    name="radau_iia_5",
    title="Radau IIA of order 5, 3 stages",
    source=_SOURCE,
    order=5,
    embedded_orders=(3,),
    aliases=("radau", "radau5"),
    a=_RADAU_IIA_5_A,
    b=_RADAU_IIA_5_A[-1],
    c=(0.15505102572168219018, 0.64494897427831780982, 1.0),
    error=(-0.27488882959567736775, 0.42829829411536810456, -0.24503907438491652606, 0.091629609865225789249),
    error_gamma=0.27488882959567736775,
    transformation=Transformation(
        real=(3.6378342527444957322,),
        pairs=((2.6810828736277521339, 3.0504301992474105694),),
        t=_RADAU_IIA_5_T,
        inverse=_RADAU_IIA_5_INVERSE,
    ),
    dense_order=3,
)
