"""A model in SBML, from the file to what is imported."""

from pathlib import Path

from cubie_cli.imports.imported import ImportedModel
from cubie_cli.imports.sbml.events import add_events
from cubie_cli.imports.sbml.reading import check_level, read_sbml
from cubie_cli.imports.sbml.translation import Translation
from cubie_cli.imports.xml_text import check_xml, declared_utf8


def read(content: bytes, path: Path) -> ImportedModel:
    """Return the model of an SBML file whose XML has been looked at."""
    check_level(check_xml(content, path), path)
    translation = Translation(read_sbml(declared_utf8(content, path), path))
    model = translation.model()
    add_events(model, translation)
    return model
