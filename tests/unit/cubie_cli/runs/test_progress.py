import re
from io import StringIO

import pytest
from rich.console import Console

from cubie_cli.documents.messages import OutputError
from cubie_cli.runs import progress as progress_module
from cubie_cli.runs.progress import Progress, duration


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


def counted(**options):
    file = StringIO()
    with Progress(console=Console(file=file, **options)) as progress:
        progress.start(100, already=20)
        progress.under_way(30)
        progress.advance(40)
        progress.advance(40, failed=3)
    return file.getvalue()


def test_the_last_line_tells_all():
    line = counted(force_terminal=False, width=40).splitlines()[-1]
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[0-9:]{8}[+-]\d\d:\d\d solved 100 of 100 runs: [0-9,]+ a second, 3 failed", line
    )


def test_lines_are_few(monkeypatch):
    assert len(counted(force_terminal=False).splitlines()) == 1
    monkeypatch.setattr(progress_module, "LINE_SECONDS", 0.0)
    lines = counted(force_terminal=False).splitlines()
    assert [re.search(r"solved (\d+) of", line)[1] for line in lines] == ["20", "60", "100"]
    assert " left" in lines[1]


def test_a_terminal_has_a_bar():
    assert "100/100" in counted(force_terminal=True, width=100)


@pytest.mark.parametrize("width", [60, 80])
def test_numbers_stay_whole_where_the_terminal_is_narrow(width):
    file = StringIO()
    with Progress(console=Console(file=file, force_terminal=True, width=width)) as progress:
        progress.start(3_000_000)
        progress.advance(3_000_000, failed=3)
    assert "3000000/3000000" in file.getvalue()


def test_a_log_keeps_what_it_has_and_ends_with_what_went_wrong(tmp_path):
    log = tmp_path / "run.log"
    log.write_text("before\n")
    error = OutputError("the disk is full", hint="free some")
    error.add_note("10 of 100 runs are kept")
    progress = Progress(quiet=True, log=log)
    progress.stage("compiling")
    progress.__exit__(OutputError, error, None)
    first, *lines = log.read_text().splitlines()
    assert first == "before"
    assert [line.split(" ", 1)[1] for line in lines] == [
        "compiling",
        "error: the disk is full",
        "  hint: free some",
        "10 of 100 runs are kept",
    ]


def test_a_log_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError, match="cannot write the log"):
        Progress(log=tmp_path / "none" / "run.log")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7200, "2 h"), (93600, "1 d 2 h")]
)
def test_a_time_in_words(seconds, text):
    assert duration(seconds) == text
