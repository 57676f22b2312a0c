"""Reads the `[solve]` tables: settings whose values fit each other, the method and the model."""

import math
from typing import TYPE_CHECKING

from cubie_cli.configurations.schema import SolveTable
from cubie_cli.configurations.tolerances import absolute_tolerances
from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.other_names import told_of
from cubie_cli.models.model import Model
from solvers.settings import ControllerSettings, LinearSettings, NewtonSettings, SolveSettings
from solvers.tableaus import UnknownAlgorithmError, find

if TYPE_CHECKING:
    from solvers.tableaus.registry import Tableau

#: The shortest and the longest span: steps are shorter by many orders, and squared to estimate the first.
_SPANS = {"float64": (1e-280, math.inf), "float32": (1e-30, 1e37)}
#: Families whose stages are equations that Newton's method solves.
_NEWTON_FAMILIES = ("DIRK", "FIRK")
#: What does the job of a method that is warned of, by its family.
_INSTEAD = {
    "explicit": "tsit5",
    "DIRK": "kvaerno5",
    "FIRK": "radau_iia_5",
    "Rosenbrock": "rodas4",
    "Rosenbrock-W": "ros34pw3",
}
#: Errors of a method of order p add up to about rtol**(-1/(p + 1)) times the tolerance.
_LOW_ORDER = 2
_TIGHT = 1e-7
#: Below it, a relative tolerance asks for more digits than float64 has.
_ROUND_OFF = 1e-15
_ITERATIVE_ONLY = ("preconditioner", "neumann_order", "tolerance", "max_iters")
_MATRIX_FREE = 'kind = "minimal_residual", "steepest_descent" or "bicgstab"'


def read_solve(document: Document, table: SolveTable, model: Model) -> SolveSettings:
    """Return how a system is solved.

    Raises
    ------
    UserError
        With the place of the first value that does not fit.
    """
    _check_span(document, table)
    method = _method(document, table.algorithm)
    _check_steps(document, table, has_error_estimate=method.embedded_order is not None)
    _check_newton(document, table, method)
    _check_linear(document, table, method)
    return SolveSettings(
        algorithm=table.algorithm,
        t0=table.t0,
        t1=table.t1,
        atol=absolute_tolerances(document, table, model),
        rtol=table.rtol,
        precision=table.precision,
        dt=table.dt,
        dt0=table.dt0,
        dt_min=table.dt_min,
        dt_max=table.dt_max,
        max_steps=table.max_steps,
        max_events=table.max_events,
        controller=ControllerSettings(**table.controller.model_dump()),
        newton=NewtonSettings(**table.newton.model_dump()),
        linear=LinearSettings(**table.linear.model_dump()),
    )


def warnings_of(document: Document, solve: SolveSettings) -> tuple[str, ...]:
    """Return what is allowed and probably not meant."""
    found = []
    method = find(solve.algorithm)
    if solve.dt is None and method.order <= _LOW_ORDER and solve.rtol < _TIGHT:
        many = f"{method.name} has order {method.order}: at rtol = {solve.rtol:g} it takes so many steps that errors"
        found.append(f"{many} add up to hundreds of times the tolerance; take {_INSTEAD[method.family]}")
    if solve.precision == "float32" and solve.rtol < 1e-6 and solve.dt is None:
        found.append(f"rtol = {solve.rtol:g} is near the round-off of float32: steps shrink and errors do not")
    if solve.precision == "float64" and solve.rtol < _ROUND_OFF and solve.dt is None:
        found.append(f"rtol = {solve.rtol:g} is near the round-off of float64: steps shrink and errors do not")
    if solve.rtol >= 1 and solve.dt is None:
        found.append(f"rtol = {solve.rtol:g} allows errors as large as the solution itself; 1e-6 is usual")
    if document.get(("solve", "newton", "damping")) is not None and not solve.newton.max_backtracks:
        found.append("'damping' in [solve.newton] does nothing while max_backtracks is 0")
    if solve.dt is not None:
        given = [key for key in ("rtol", "atol") if document.get(("solve", key)) is not None]
        found += [f"{key!r} does nothing where 'dt' fixes the step: nothing adapts to it" for key in given]
    if solve.dt0 is not None and solve.dt_max is not None and solve.dt0 > solve.dt_max:
        found.append(f"dt0 = {solve.dt0:g} is longer than dt_max = {solve.dt_max:g}, which the first step keeps to")
    return tuple(found)


def _check_span(document: Document, table: SolveTable) -> None:
    if table.t1 <= table.t0:
        raise document.error(f"t1 must be later than t0 = {table.t0:g}", ("solve", "t1"))
    if not math.isfinite(table.t1 - table.t0):
        raise document.error("the span from t0 to t1 is too long", ("solve", "t1"))
    shortest, longest = _SPANS[table.precision]
    if not shortest <= table.t1 - table.t0 <= longest:
        message = f"steps of a span of {table.t1 - table.t0:g} are beyond what {table.precision} holds"
        raise document.error(message, ("solve", "t1"), hint="take a unit of time in which the span is nearer to 1")


def _method(document: Document, name: str) -> "Tableau":
    """Return the method of a name; raise `UserError` where there is none."""
    try:
        return find(name)
    except UnknownAlgorithmError as error:
        message, _, hint = str(error).partition("; ")
        told = told_of("algorithm", name.removesuffix("()"))
        raise document.error(message, ("solve", "algorithm"), hint=told or hint or None) from None


def _check_newton(document: Document, table: SolveTable, method: "Tableau") -> None:
    """Refuse settings for equations that the method does not have."""
    if document.get(("solve", "newton")) is not None and method.family not in _NEWTON_FAMILIES:
        message = f"{table.algorithm!r} is {_described(method)}: it has no use for [solve.newton]"
        hint = "remove the table, or choose a DIRK or FIRK method: cubie algorithms"
        raise document.error(message, ("solve", "newton"), "key", hint)


def _check_linear(document: Document, table: SolveTable, method: "Tableau") -> None:
    """Refuse settings for systems that the method does not have, or that the linear solver does not use."""
    if document.get(("solve", "linear")) is None:
        return
    if method.family == "explicit":
        message = f"{table.algorithm!r} is {_described(method)}: it has no use for [solve.linear]"
        raise document.error(message, ("solve", "linear"), "key", "remove the table, or choose an implicit method")
    given = table.linear.model_fields_set
    for key in _ITERATIVE_ONLY:
        if key in given and table.linear.kind == "lu":
            raise _unused(document, key, 'the direct solver "lu"', f"add {_MATRIX_FREE}")
    if "neumann_order" in given and table.linear.preconditioner != "neumann":
        preconditioner = f"the preconditioner {table.linear.preconditioner!r}"
        raise _unused(document, "neumann_order", preconditioner, 'add preconditioner = "neumann"')


def _unused(document: Document, key: str, by: str, remedy: str) -> UserError:
    message, path = f"{key!r} does nothing with {by}", ("solve", "linear", key)
    return document.error(message, path, "key", f"{remedy}, or remove the line")


def _described(method: "Tableau") -> str:
    return "an explicit method" if method.family == "explicit" else f"a {method.family} method"


def _check_steps(document: Document, table: SolveTable, *, has_error_estimate: bool) -> None:
    kind = table.controller.kind
    if table.dt is not None:
        _check_fixed_steps(document, table, table.dt)
    elif kind == "fixed":
        raise document.error("fixed steps need 'dt'", ("solve", "controller", "kind"), hint="add dt = ... to [solve]")
    elif not has_error_estimate:
        message = f"{table.algorithm!r} has no error estimate to choose steps by"
        raise document.error(message, ("solve", "algorithm"), hint="add the fixed step dt = ... to [solve]")
    if table.dt_max is not None and table.dt_min > table.dt_max:
        raise document.error(f"dt_min must be at most dt_max = {table.dt_max:g}", ("solve", "dt_min"))
    if table.dt_min > table.t1 - table.t0:
        raise document.error(f"dt_min is longer than the span of {table.t1 - table.t0:g}", ("solve", "dt_min"))


def _check_fixed_steps(document: Document, table: SolveTable, dt: float) -> None:
    if table.controller.kind not in (None, "fixed"):
        message = f"'dt' fixes the step, and the controller {table.controller.kind!r} chooses it"
        raise document.error(message, ("solve", "dt"), "key", "dt0 is the first step of a controller")
    for key in ("dt0", "dt_min", "dt_max"):
        if document.get(("solve", key)) is not None:
            raise document.error(f"{key!r} does nothing where 'dt' fixes the step", ("solve", key), "key")
    steps = (table.t1 - table.t0) / dt
    if not math.isfinite(steps) or round(steps) > table.max_steps:
        message = f"the span takes {steps:.4g} steps, max_steps is {table.max_steps}"
        raise document.error(message, ("solve", "dt"), hint="raise max_steps, or take longer steps")
    if round(steps) < 1:
        raise document.error(f"dt is longer than the span of {table.t1 - table.t0:g}", ("solve", "dt"))
