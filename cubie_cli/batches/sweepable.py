"""Refuses what cannot be swept."""

from cubie_cli.documents.document import Document
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.positions import KeyPath
from cubie_cli.models.model import Model


def check_sweepable(document: Document, model: Model, name: str, path: KeyPath) -> None:
    """Raise `UserError` for a name that is neither a parameter nor a state of a model.

    Parameters
    ----------
    document, path
        Where it is named.
    """
    system = model.quantities
    if name in system.parameters or name in system.states:
        return
    if name in model.constants:
        hint = f"move {name} to [parameters] in the model"
        raise document.error(f"{name!r} is a constant, which cannot be swept", path, "key", hint)
    if name in system.observables:
        message = f"{name!r} is an observable, which cannot be swept"
        raise document.error(message, path, "key", "sweep the parameters that it is made of")
    if any(driver.name == name for driver in system.drivers):
        message = f"{name!r} is a driver, which cannot be swept"
        raise document.error(message, path, "key", f"sweep a parameter that the equations multiply {name} by")
    written = model.written
    known = [*written.names_in("parameters"), *written.names_in("states")]
    near = told_of("[swept]", name) or written.hint_for(name, known)
    if name.removesuffix("_0") in system.states:
        near = f"write {name.removesuffix('_0')}: the name of a state stands for its value at the start"
    raise document.error(f"the model has no parameter or state {name!r}", path, "key", near)
