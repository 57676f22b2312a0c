"""A model and run configuration to vary."""

import pytest

from cubie_cli.configurations.job import load
from cubie_cli.documents.messages import ExitCode, UserError
from cubie_cli.models.system import read_system

MODEL = """\
name = "test"
[states]
x = 1.0
y = 2
[parameters]
k = 3.0
[constants]
c = 4.0
[equations]
x = "k*y"
y = "-c*x + v"
[observables]
v = "x*y"
"""
RUN = """\
[model]
file = "model.toml"
[solve]
t1 = 10.0
algorithm = "tsit5"
"""


class Files:
    """Writes a model and a run configuration, and reads them."""

    def __init__(self, folder):
        self.folder = folder
        self.run = folder / "run.toml"
        self.model = folder / "model.toml"
        self.run.write_text(RUN)
        self.model.write_text(MODEL)

    def edit_model(self, old, new):
        text = self.model.read_text()
        assert old in text
        self.model.write_text(text.replace(old, new, 1))

    def edit_run(self, old, new):
        text = self.run.read_text()
        assert old in text
        self.run.write_text(text.replace(old, new, 1))

    def append_run(self, text):
        self.run.write_text(self.run.read_text() + text)

    def load(self, *overrides):
        return load(self.run, overrides)

    def refused(self, *overrides):
        with pytest.raises(UserError) as caught:
            _ = read_system(self.load(*overrides).model)
        assert caught.value.exit_code in (ExitCode.INPUT, ExitCode.USAGE)
        assert "Traceback" not in str(caught.value)
        return caught.value


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)
