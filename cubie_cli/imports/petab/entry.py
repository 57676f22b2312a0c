"""A PEtab problem, from its files to what is imported."""

from pathlib import Path

from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.petab.files import read_files
from cubie_cli.imports.petab.library import in_its_words
from cubie_cli.imports.petab.translation import add_problem
from cubie_cli.imports.petab.version1 import read_version_1
from cubie_cli.imports.petab.version2 import read_version_2
from cubie_cli.imports.sbml import entry as sbml


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of a problem, its observables, and the runs that its measurements are of."""
    with in_its_words(path) as told:
        files = read_files(content, path)
        problem = (read_version_1 if files.version == 1 else read_version_2)(files, path, told)
    model = sbml.read(files.model.read_bytes(), files.model)
    model.format = f"PEtab version {problem.version}, its model {files.model.name} in {model.format}"
    add_problem(model, problem)
    return model
