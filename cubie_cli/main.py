"""The entry point: registers the commands; answers mistakes, bugs and signals with one message and an exit code."""

import gc
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from cubie_cli.commands import (
    algorithms,
    compile_kernel,
    completion,
    doctor,
    export,
    import_model,
    init,
    manual,
    memory_report,
    merge,
    plot,
    run,
    schema,
    show,
    submit,
    tune,
    validate,
)
from cubie_cli.commands.options import TRACEBACK_VARIABLE, with_paths_resolved
from cubie_cli.commands.stopping import listen, stop_again
from cubie_cli.commands.usage import Commands
from cubie_cli.documents.messages import ExitCode, UserError, system_refusal
from cubie_cli.documents.stopped import Stopped

app = typer.Typer(
    name="cubie",
    cls=Commands,
    help="Integrate one system of ODEs for many parameter sets and initial values at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
#: The commands, in the order in which they are listed.
COMMANDS: dict[str, Callable[..., None]] = {
    "init": init.init,
    "run": run.run,
    "memory-report": memory_report.memory_report,
    "tune": tune.tune,
    "compile": compile_kernel.compile_kernel,
    "validate": validate.validate,
    "merge": merge.merge,
    "schema": schema.schema,
    "show": show.show,
    "plot": plot.plot,
    "submit": submit.submit,
    "export": export.export,
    "import": import_model.import_model,
    "algorithms": algorithms.algorithms,
    "doctor": doctor.doctor,
}
for _name, _command in COMMANDS.items():
    app.command(_name, cls=manual.Documented)(with_paths_resolved(_command))


#: Objects made until Python looks for garbage. Modules and compilers keep what they make, and looking through it again
#: and again takes a tenth of a short run.
OBJECTS_BEFORE_COLLECTION = 100_000


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the parser hands over the option's value
    if wanted:
        from cubie_cli.results import provenance  # noqa: PLC0415 - reads what is installed

        typer.echo(f"cubie {provenance.version()}")
        raise typer.Exit


@app.callback()
def cubie(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Integrate one system of ODEs for many parameter sets and initial values at once."""


def program() -> NoReturn:
    """Run the command line as a program of its own, which ends at once.

    All files are closed by then. The interpreter would take the modules down one by one, which takes as long as many
    a batch; what compilers and drivers hold ends with the process.
    """
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would search all that is installed
    code: int = ExitCode.DONE
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it, or it was closed
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run the command line; the exit code tells what happened, see `ExitCode`."""
    _open_streams()
    if completion.ASKED in os.environ:
        completion.answer(app)
    listen()
    sys.unraisablehook = _raise_again
    try:
        _run()
    except UserError as error:
        _end("\n".join([str(error), *_notes(error)]), error.exit_code)
    except Stopped as stop:
        if kept := _notes(stop):
            _end(f"stopped by {stop.reason}; {kept[-1]}", ExitCode.STOPPED)
        code = ExitCode.STOPPED if stop.planned else 128 + stop.number
        _end(f"stopped by {stop.reason}; what was not finished is not kept", code)
    except (MemoryError, OSError) as error:
        refused = system_refusal(error)
        if refused is None:
            _end_with_bug(error)
        if isinstance(error, OSError):
            _drop_output()
        _end("\n".join([str(refused), *_notes(error)]), refused.exit_code)
    except Exception as error:  # noqa: BLE001 - the last place where a bug can be told from a crash
        _end_with_bug(error)


def _notes(error: BaseException) -> list[str]:
    """Return what is to be said besides."""
    return getattr(error, "__notes__", [])


def _open_streams() -> None:
    """Open those of the standard streams that the caller closed, on nothing.

    Python has none then, and the next file that is opened would take its place and what is printed.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            stream = os.fdopen(descriptor, "w" if descriptor else "r", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)


def _run() -> None:
    try:
        app()
    finally:
        _flush()


def _flush() -> None:
    """Write out what was printed while a failure can still be told to the user."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()  # the reader has gone


def _drop_output() -> None:
    """Send what is left of the output nowhere: Python tries to write it again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _raise_again(lost: "sys.UnraisableHookArgs") -> None:
    """Raise anew what a finalizer swallowed: a signal may arrive while one runs, and Python drops what it raises."""
    stop = lost.exc_value
    if not isinstance(stop, Stopped):
        sys.__unraisablehook__(lost)
        return
    stop_again(stop)


def _end(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(code)


def _end_with_bug(error: Exception) -> NoReturn:
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    summary = " ".join(f"{type(error).__name__}: {error}".split())
    remedy = f"please report it, with what {TRACEBACK_VARIABLE}=1 prints"
    _end("\n".join([f"error: a bug in cubie ({summary}); {remedy}", *_notes(error)]), ExitCode.BUG)
