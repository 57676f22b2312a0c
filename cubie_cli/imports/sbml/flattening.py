"""Puts the submodels of a file into its model, by what libSBML has for this."""

from pathlib import Path
from typing import Any

import libsbml

from cubie_cli.documents.messages import UserError

PACKAGE = "comp"
#: Of submodels within submodels, which may be many more than a file has lines.
_MOST_SUBMODELS = 10_000


def check_submodels(document: Any, path: Path) -> None:
    """Refuse submodels in other files, which libSBML reads wherever it looks at them, and too many of them.

    Raises
    ------
    UserError
        Naming one.
    """
    plugin = document.getPlugin(PACKAGE)
    if plugin is None:
        return
    if plugin.getNumExternalModelDefinitions():
        external = plugin.getExternalModelDefinition(0)
        hint = "flatten the model with another program: no other files are read"
        message = f"the model {external.getId()!r} from another file cannot be imported"
        raise UserError(message, path, external.getLine() or None, hint=hint)
    _check_size(document, path)


def flatten(document: Any, path: Path) -> bool:
    """Replace a model that is put together of submodels by one without any.

    Returns
    -------
    bool
        Whether there was anything to replace.

    Raises
    ------
    UserError
        Where they do not fit together.
    """
    if document.getPlugin(PACKAGE) is None:
        return False
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp")
    options.addOption("performValidation", False)  # noqa: FBT003 - the library's
    if document.convert(options) != libsbml.LIBSBML_OPERATION_SUCCESS:
        hint = "flatten the model with another program, which may tell more"
        raise UserError("the submodels cannot be put together", path, hint=hint)
    return True


def _check_size(document: Any, path: Path) -> None:
    """Refuse what would grow without bound."""
    definitions = document.getPlugin(PACKAGE)
    counts: dict[str, int] = {}

    def count(model: Any, within: tuple[str, ...]) -> int:
        plugin = model.getPlugin(PACKAGE)
        submodels = [] if plugin is None else [plugin.getSubmodel(each) for each in range(plugin.getNumSubmodels())]
        return len(submodels) + sum(counted(each.getModelRef(), within) for each in submodels)

    def counted(name: str, within: tuple[str, ...]) -> int:
        if name in within:
            raise UserError(f"the submodel {name!r} has itself within it", path)
        if name not in counts:
            model = definitions.getModelDefinition(name)
            counts[name] = 0 if model is None else count(model, (*within, name))
        return counts[name]

    found = count(document.getModel(), ())
    if found > _MOST_SUBMODELS:
        message = f"the model comes to {found} submodels, more than {_MOST_SUBMODELS}"
        raise UserError(message, path, hint="flatten the model with another program")
