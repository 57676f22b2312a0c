"""Stiffly accurate Rosenbrock methods of order 4 and 3 with six stages.

Coefficients and continuous extensions as in Hairer and Wanner's code RODAS.
"""

from solvers.tableaus.controller_defaults import ControllerDefaults
from solvers.tableaus.rosenbrock import RosenbrockTableau, steinebach

#: As in RODAS: the step grows by 6 at most.
_CONTROLLER = ControllerDefaults("gustafsson", ki=1.0, max_factor=6.0)

_RODAS4_M = (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0, 1.0)

RODAS4 = RosenbrockTableau(
    name="rodas4",
    title="RODAS 4(3), 6 stages, L-stable and stiffly accurate",
    source=(
        "E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, VI.4; "
        "the first of the coefficient sets of their code RODAS"
    ),
    order=4,
    embedded_orders=(3,),
    aliases=("rodas", "rodas43"),
    controller=_CONTROLLER,
    gamma=0.25,
    a=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        _RODAS4_M[:4],
        _RODAS4_M[:5],
    ),
    c=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
    alpha=(0.0, 0.386, 0.21, 0.63, 1.0, 1.0),
    d=(0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0),
    m=_RODAS4_M,
    error=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    interpolant=steinebach(
        3,
        _RODAS4_M,
        (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662),
        (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872),
    ),
)

_RODAS4P_M = (-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 1.0, 1.0)

RODAS4P = RosenbrockTableau(
    name="rodas4p",
    title="Rodas4P 4(3), 6 stages, L-stable and stiffly accurate, of little order reduction on parabolic problems",
    source=(
        "G. Steinebach, Order-reduction of ROW-methods for DAEs and method of lines applications, Preprint 1741, FB "
        "Mathematik, TH Darmstadt 1995; the third of the coefficient sets of Hairer and Wanner's code RODAS"
    ),
    order=4,
    embedded_orders=(3,),
    aliases=("rodasp",),
    controller=_CONTROLLER,
    gamma=0.25,
    a=(
        (),
        (3.0,),
        (1.831036793486759, 0.4955183967433795),
        (2.304376582692669, -0.05249275245743001, -1.176798761832782),
        _RODAS4P_M[:4],
        _RODAS4P_M[:5],
    ),
    c=(
        (),
        (-12.0,),
        (-8.791795173947035, -2.207865586973518),
        (10.81793056857153, 6.780270611428266, 19.53485944642410),
        (34.19095006749676, 15.49671153725963, 54.74760875964130, 14.16005392148534),
        (34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -5.714285714285717),
    ),
    alpha=(0.0, 0.75, 0.21, 0.63, 1.0, 1.0),
    d=(0.25, -0.5, -0.023504, -0.0362, 0.0, 0.0),
    m=_RODAS4P_M,
    error=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    interpolant=steinebach(
        3,
        _RODAS4P_M,
        (25.09876703708589, 11.62013104361867, 28.49148307714626, -5.664021568594133, 0.0),
        (1.638054557396973, -0.7373619806678748, 8.477918219238990, 15.99253148779520, -1.882352941176471),
    ),
)
