"""Rosenbrock methods which keep an order with any matrix in place of the Jacobian."""

from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.rosenbrock import RosenbrockTableau

_RANG_ANGERMANN = (
    "J. Rang, L. Angermann, New Rosenbrock W-methods of order 3 for partial differential algebraic equations of index "
    "1, BIT Numer. Math. 45 (2005) 761-787"
)

#: In the original form, with gamma = 1/(2 + sqrt 2) and e = 6 + sqrt 2: alpha_21 = 1/2, alpha_32 = 1;
#: gamma_21 = -gamma, gamma_31 = gamma (e - 2), gamma_32 = -gamma e; b = (0, 1, 0), b_hat = (1, 4, 1)/6.
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

ROS34PW2 = RosenbrockTableau(
    name="ros34pw2",
    title="ROS34PW2 3(2), 4 stages, L-stable and stiffly accurate, a W-method of order 3",
    source=_RANG_ANGERMANN,
    order=3,
    embedded_orders=(2,),
    gamma=0.43586652150845900,
    a=(
        (),
        (2.0,),
        (1.4192173174557646, -0.25923221167296971),
        (4.1847604823191607, -0.28519201735549591, 2.2942803602790417),
    ),
    c=(
        (),
        (-4.5885607205580835,),
        (-4.1847604823191607, 0.28519201735549591),
        (-6.3681792001283578, -6.7956209444668362, 2.8700986043310561),
    ),
    alpha=(0.0, 0.87173304301691801, 0.73157995778885238, 1.0),
    d=(0.43586652150845900, -0.43586652150845901, -0.41333337623388649, 0.0),
    m=(4.1847604823191607, -0.28519201735549591, 2.2942803602790417, 1.0),
    error=(0.27774994764796811, -1.4032398951759990, 1.7726301276675507, 0.5),
    w_order=3,
)

ROS34PW3 = RosenbrockTableau(
    name="ros34pw3",
    title="ROS34PW3 4(2), 4 stages, A-stable, a W-method of order 3",
    source=_RANG_ANGERMANN,
    order=4,
    embedded_orders=(2,),
    gamma=1.0685790213016289,
    a=(
        (),
        (2.3541034887609084,),
        (2.1274518517432332, 0.70186667064306583),
        (1.6573541366907122, 0.37998365119129377, 0.76775379337675117),
    ),
    c=(
        (),
        (-2.2030223706744597,),
        (-2.7500601149934667, -0.84085696310811176),
        (-3.0077871973155886, -0.70707746256182478, -1.1874362749274353),
    ),
    alpha=(0.0, 2.5155456020628817, 1.2577728010314408, 0.62888640051572044),
    d=(1.0685790213016289, -1.4469665807612528, -0.77147624853134317, -0.29371172261080908),
    m=(2.5468758076906692, 0.55278097044375494, 0.92052196304992578, 0.72016749832563535),
    error=(0.20632710213677581, 0.0026042321416049864, 0.0067233949200710498, 0.72016749832563535),
    w_order=3,
)
