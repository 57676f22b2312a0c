"""Files of other programs, imported in this process."""

from pathlib import Path

import pytest

from cubie_cli.documents.messages import UserError
from cubie_cli.imports.publishing import checked, written_model
from cubie_cli.imports.reading import read_imported, read_source


def model_text(path, format_name=None):
    """Return the model file that is made of a file, once all of it has been read back."""
    source = read_source(Path(path))
    text = written_model(read_imported(source, format_name), source, "0")
    checked(text, source)
    return text


class Import:
    """Writes a file and imports it."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def text(self, name, content, format_name=None):
        return model_text(self.write(name, content), format_name)

    def refused(self, name, content, format_name=None):
        with pytest.raises(UserError) as caught:
            self.text(name, content, format_name)
        return caught.value


@pytest.fixture
def importing(tmp_path):
    return Import(tmp_path)
