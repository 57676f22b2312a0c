"""Tells which algorithms come into question where a run configuration leaves the choice open."""

from cubie_cli.configurations.schema import SolveTable
from cubie_cli.documents.document import Document

#: What leaves the choice open.
AUTO = "auto"
#: For relative tolerances from a number on: an explicit method, and one for stiff systems.
_BY_TOLERANCE = (
    (3e-3, ("bogacki_shampine32", "rosenbrock23")),
    (3e-7, ("tsit5", "rodas4", "rodas5p")),
    (3e-10, ("vern7", "rodas5p")),
    (0.0, ("vern9", "radau_iia_9")),
)


def candidates(document: Document, table: SolveTable) -> tuple[str, ...]:
    """Return the algorithms to choose from; the first is likely where nothing is known.

    Raises
    ------
    UserError
        Where steps are fixed: then nothing tells methods apart but their errors.
    """
    if table.dt is not None:
        message = "an algorithm is needed where 'dt' fixes the step: the choice goes by the steps that a method takes"
        hint = 'name one, such as algorithm = "rk4"; or leave dt away so that steps adapt'
        raise document.error(message, ("solve", "dt"), "key", hint)
    return next(names for least, names in _BY_TOLERANCE if table.rtol >= least)
