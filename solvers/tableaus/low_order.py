"""Explicit methods of order 1 to 4."""

from solvers.tableaus.tableau import ButcherTableau

EULER = ButcherTableau(
    name="euler",
    title="Forward Euler",
    source="L. Euler, Institutionum calculi integralis, vol. 1, St Petersburg 1768",
    order=1,
    a=((),),
    b=(1.0,),
    c=(0.0,),
    aliases=("forward_euler", "explicit_euler", "rk1"),
)

MIDPOINT = ButcherTableau(
    name="midpoint",
    title="Explicit midpoint",
    source=("C. Runge, Ueber die numerische Aufloesung von Differentialgleichungen, Math. Ann. 46 (1895) 167-178"),
    order=2,
    a=((), (1 / 2,)),
    b=(0.0, 1.0),
    c=(0.0, 1 / 2),
    aliases=("explicit_midpoint", "modified_euler", "rk2"),
)

HEUN = ButcherTableau(
    name="heun",
    title="Heun's second-order method (explicit trapezoidal rule)",
    source=(
        "K. Heun, Neue Methoden zur approximativen Integration der Differentialgleichungen einer "
        "unabhaengigen Veraenderlichen, Z. Math. Phys. 45 (1900) 23-38"
    ),
    order=2,
    a=((), (1.0,)),
    b=(1 / 2, 1 / 2),
    c=(0.0, 1.0),
    aliases=("heun2", "improved_euler", "explicit_trapezoidal", "ssprk22"),
)

RALSTON = ButcherTableau(
    name="ralston",
    title="Ralston's second-order method, of least truncation error bound",
    source="A. Ralston, Runge-Kutta methods with minimum error bounds, Math. Comp. 16 (1962) 431-437",
    order=2,
    a=((), (2 / 3,)),
    b=(1 / 4, 3 / 4),
    c=(0.0, 2 / 3),
    aliases=("ralston2",),
)

SSPRK33 = ButcherTableau(
    name="ssprk33",
    title="Strong-stability-preserving, 3 stages, order 3",
    source=(
        "C.-W. Shu, S. Osher, Efficient implementation of essentially non-oscillatory shock-capturing "
        "schemes, J. Comput. Phys. 77 (1988) 439-471"
    ),
    order=3,
    a=((), (1.0,), (1 / 4, 1 / 4)),
    b=(1 / 6, 1 / 6, 2 / 3),
    c=(0.0, 1.0, 1 / 2),
    aliases=("ssprk3", "shu_osher3", "tvdrk3"),
)

RK4 = ButcherTableau(
    name="rk4",
    title="The classical Runge-Kutta method",
    source=(
        "W. Kutta, Beitrag zur naeherungsweisen Integration totaler Differentialgleichungen, "
        "Z. Math. Phys. 46 (1901) 435-453"
    ),
    order=4,
    a=((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
    b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
    c=(0.0, 1 / 2, 1 / 2, 1.0),
    aliases=("classical_rk4", "runge_kutta4"),
)

BOGACKI_SHAMPINE32 = ButcherTableau(
    name="bogacki_shampine32",
    title="Bogacki-Shampine 3(2)",
    source=(
        "P. Bogacki, L. F. Shampine, A 3(2) pair of Runge-Kutta formulas, Appl. Math. Lett. 2 (1989) "
        "321-325; its interpolant is the cubic Hermite one"
    ),
    order=3,
    a=((), (1 / 2,), (0.0, 3 / 4), (2 / 9, 1 / 3, 4 / 9)),
    b=(2 / 9, 1 / 3, 4 / 9, 0.0),
    c=(0.0, 1 / 2, 3 / 4, 1.0),
    errors=((2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8),),
    embedded_orders=(2,),
    aliases=("rk23", "ode23", "bs3", "bs23", "bs32", "bosh3"),
)
