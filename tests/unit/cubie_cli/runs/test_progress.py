import re
from io import StringIO

import pytest
from rich.console import Console

from cubie_cli.runs.progress import Progress


@pytest.fixture
def told():
    """Return a function that gives what a progress prints while a block is timed."""

    def call(*, terminal, quiet=False):
        file = StringIO()
        console = Console(file=file, force_terminal=terminal, width=80)
        with Progress(quiet=quiet, console=console) as progress, progress.timed("compiling"):
            progress.stage("compiling for cpu: much")
        return file.getvalue()

    return call


def test_a_terminal_shows_the_time_that_passes(told):
    text = told(terminal=True)
    assert "compiling for cpu: much" in text
    assert re.search(r"compiling (\x1b\[\d+m)?0:00:0", text)


def test_elsewhere_the_line_is_all(told):
    assert told(terminal=False) == "compiling for cpu: much\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_is_quiet(told, terminal):
    assert told(terminal=terminal, quiet=True) == ""


def test_what_ends_the_block_goes_on():
    file = StringIO()
    progress = Progress(console=Console(file=file, force_terminal=True))
    with pytest.raises(KeyboardInterrupt), progress.timed("compiling"):
        raise KeyboardInterrupt
    assert file.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
