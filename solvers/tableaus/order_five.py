"""Explicit pairs of orders 4 and 5."""

from solvers.tableaus.controller_defaults import ControllerDefaults
from solvers.tableaus.dense_output import DenseOutput
from solvers.tableaus.tableau import ButcherTableau

FEHLBERG45 = ButcherTableau(
    name="fehlberg45",
    title="Fehlberg 4(5)",
    source=(
        "E. Fehlberg, Low-order classical Runge-Kutta formulas with stepsize control and their application "
        "to some heat transfer problems, NASA TR R-315, 1969; advances with order 4, the formula whose error "
        "Fehlberg made small, and compares with order 5"
    ),
    order=4,
    a=(
        (),
        (1 / 4,),
        (3 / 32, 9 / 32),
        (1932 / 2197, -7200 / 2197, 7296 / 2197),
        (439 / 216, -8.0, 3680 / 513, -845 / 4104),
        (-8 / 27, 2.0, -3544 / 2565, 1859 / 4104, -11 / 40),
    ),
    b=(25 / 216, 0.0, 1408 / 2565, 2197 / 4104, -1 / 5, 0.0),
    c=(0.0, 1 / 4, 3 / 8, 12 / 13, 1.0, 1 / 2),
    errors=((-1 / 360, 0.0, 128 / 4275, 2197 / 75240, -1 / 50, -2 / 55),),
    embedded_orders=(5,),
    aliases=("rkf45", "fehlberg", "rkf"),
)

CASH_KARP54 = ButcherTableau(
    name="cash_karp54",
    title="Cash-Karp 5(4)",
    source=(
        "J. R. Cash, A. H. Karp, A variable order Runge-Kutta method for initial value problems with rapidly "
        "varying right-hand sides, ACM Trans. Math. Softw. 16 (1990) 201-222; advances with order 5"
    ),
    order=5,
    a=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (3 / 10, -9 / 10, 6 / 5),
        (-11 / 54, 5 / 2, -70 / 27, 35 / 27),
        (1631 / 55296, 175 / 512, 575 / 13824, 44275 / 110592, 253 / 4096),
    ),
    b=(37 / 378, 0.0, 250 / 621, 125 / 594, 0.0, 512 / 1771),
    c=(0.0, 1 / 5, 3 / 10, 3 / 5, 1.0, 7 / 8),
    errors=((-277 / 64512, 0.0, 6925 / 370944, -6925 / 202752, -277 / 14336, 277 / 7084),),
    embedded_orders=(4,),
    aliases=("rkck", "rkck45", "rkck54", "cash_karp"),
)

#: L. F. Shampine, Some practical Runge-Kutta formulas, Math. Comp. 46 (1986) 135-150; the polynomials are
#: those of Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, Springer 1993, II.6, expanded.
_DORMAND_PRINCE54_DENSE = DenseOutput(
    order=4,
    coefficients=(
        (1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799),
        (0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072),
        (0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632),
        (0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844),
        (0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423),
    ),
)

DORMAND_PRINCE54 = ButcherTableau(
    name="dormand_prince54",
    title="Dormand-Prince 5(4)",
    source=(
        "J. R. Dormand, P. J. Prince, A family of embedded Runge-Kutta formulae, J. Comput. Appl. Math. 6 "
        "(1980) 19-26; advances with order 5; controller as in Hairer's DOPRI5 (beta = 0.04)"
    ),
    order=5,
    a=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    b=(35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0),
    c=(0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
    errors=((71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),),
    embedded_orders=(4,),
    aliases=("rk45", "ode45", "dopri5", "dopri54", "dopri45", "dp5", "dp54"),
    interpolant=_DORMAND_PRINCE54_DENSE,
    controller=ControllerDefaults("pi", kp=0.2, ki=0.65),
)

#: The free interpolant of the paper, expanded in theta.
_TSIT5_DENSE = DenseOutput(
    order=4,
    coefficients=(
        (1.0, -2.7637061972748259, 2.9132554618219127, -1.0530884977290216),
        (0.0, 0.1317, -0.2234, 0.1017),
        (0.0, 3.9302962368947515, -5.9410338721315047, 2.4906272856512528),
        (0.0, -12.411077166933677, 30.338188630282322, -16.548102889244903),
        (0.0, 37.509313416511039, -88.178904894766401, 47.379521962819281),
        (0.0, -27.896526289197288, 65.091894674793672, -34.870657861496610),
        (0.0, 1.5, -4.0, 2.5),
    ),
)

TSIT5 = ButcherTableau(
    name="tsit5",
    title="Tsitouras 5(4)",
    source=(
        "Ch. Tsitouras, Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying "
        "assumption, Comput. Math. Appl. 62 (2011) 770-775; advances with order 5"
    ),
    order=5,
    a=(
        (),
        (0.161,),
        (-0.0084806554923569885, 0.33548065549235699),
        (2.8971530571054934, -6.3594484899750748, 4.3622954328695814),
        (5.3258648284392566, -11.748883564062828, 7.4955393428898362, -0.092495066361755249),
        (
            5.86145544294642,
            -12.920969317847109,
            8.1593678985761586,
            -0.0715849732814010,
            -0.028269050394068384,
        ),
        (
            0.096460766818065230,
            0.01,
            0.47988965041449960,
            1.3790085741037419,
            -3.2900695154360807,
            2.3247105240997740,
        ),
    ),
    b=(
        0.096460766818065230,
        0.01,
        0.47988965041449960,
        1.3790085741037419,
        -3.2900695154360807,
        2.3247105240997740,
        0.0,
    ),
    c=(0.0, 0.161, 0.327, 0.9, 0.98002554090450969, 1.0, 1.0),
    errors=(
        (
            0.0017800110522257714,
            0.00081643445965674690,
            -0.0078808780102619960,
            0.14471100717326291,
            -0.58235716545255523,
            0.45808210592918695,
            -1 / 66,
        ),
    ),
    embedded_orders=(4,),
    aliases=("tsitouras54", "tsitouras5", "tsit54"),
    interpolant=_TSIT5_DENSE,
)
