"""Tells which algorithms come into question where a run configuration leaves the choice open."""

from cubie_cli.configurations.schema import SolveTable
from cubie_cli.documents.document import Document

#: What leaves the choice open.
AUTO = "auto"
#: For relative tolerances from a number on: explicit methods, then those for stiff systems. Of the methods with an
#: honest error these take the least work, see docs/algorithms.md.
_BY_TOLERANCE = (
    (3e-5, ("tsit5", "rosenbrock23", "rodas4")),
    (3e-8, ("tsit5", "vern8", "rodas5p")),
    (3e-10, ("vern8", "tsit5", "rodas5p")),
    (0.0, ("vern8", "radau_iia_9", "rodas5p")),
)
#: What has coefficients of both signs that are too large for single precision, and what does its work there.
_IN_SINGLE_PRECISION = {"vern8": "vern7"}
#: States from which on the first and the last are enough, as compiling takes longer than either would save.
_MANY_STATES = 64


def candidates(document: Document, table: SolveTable, states: int) -> tuple[str, ...]:
    """Return the algorithms to choose from; the first is likely where nothing is known.

    Parameters
    ----------
    document, table
        What is asked for.
    states
        Of the model.

    Raises
    ------
    UserError
        Where steps are fixed: then nothing tells methods apart but their errors.
    """
    if table.dt is not None:
        message = "an algorithm is needed where 'dt' fixes the step: the choice goes by the steps that a method takes"
        hint = 'name one, such as algorithm = "rk4"; or leave dt away so that steps adapt'
        raise document.error(message, ("solve", "dt"), "key", hint)
    names: tuple[str, ...] = next(names for least, names in _BY_TOLERANCE if table.rtol >= least)
    if table.precision == "float32":
        names = tuple(_IN_SINGLE_PRECISION.get(name, name) for name in names)
    return names if states <= _MANY_STATES else (names[0], names[-1])
