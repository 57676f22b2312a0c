"""`run`, `validate` and `open_result`: the commands, for Python programs and notebooks."""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cubie_cli.api.errors import as_cubie_errors
from cubie_cli.configurations.job import read_written
from cubie_cli.documents.document import Document
from cubie_cli.documents.given import Given, given
from cubie_cli.documents.messages import UsageError, counted
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.paths import resolved
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean
from cubie_cli.results.provenance import PYTHON_CALL

if TYPE_CHECKING:
    import xarray

    from cubie_cli.runs.prepared_batch import PreparedBatch
    from cubie_cli.runs.solving import Tally

#: A path, or a dictionary of the file's shape.
Description = str | PathLike[str] | Mapping[str, Any]
TARGETS = ("auto", "cuda", "cpu", "python")
_RESULT = "result.h5"


def run(
    config: Description,
    *,
    model: Description | None = None,
    output: str | PathLike[str] | None = None,
    target: str | None = None,
    progress: bool = True,
    unstack: bool = False,
    force: bool = False,
    resume: bool = False,
) -> "xarray.Dataset":
    """Integrate every run of a batch, as the command `cubie run` does.

    Parameters
    ----------
    config
        The run configuration: a file, or a dictionary of its shape, in which arrays may stand for lists; or a result,
        which is repeated.
    model
        The model, likewise; None: what the configuration says under "model".
    output
        The file of the result. None: no file is kept, whatever the configuration names.
    target
        "auto", "cuda", "cpu" or "python"; None: what the configuration says.
    progress
        Whether to show how far it is.
    unstack
        Whether the axes of a grid are dimensions of the result, in place of "run".
    force
        Whether a file that exists is replaced.
    resume
        Whether to go on with what is left of a run of the same batch that was stopped.

    Returns
    -------
    xarray.Dataset
        The result. Runs that failed are a warning, and tell so in `status`.

    Raises
    ------
    CubieError
        For everything that the command answers with a message.
    """
    from cubie_cli.api import datasets  # noqa: PLC0415 - what validate has no use for

    call = _call(config, model=model, output=output, target=target)
    with as_cubie_errors():
        datasets.check_libraries()
        document = _document(config, model)
        _check_target(target)
        if output is None and (force or resume):
            message = "force and resume are about a file, and this run keeps none"
            raise UsageError(message, hint='name it: output="result.h5"')
        if output is not None:
            path = resolved(Path(), fspath(output))
            _solve(document, path, target, call, progress=progress, force=force, resume=resume)
            return datasets.dataset(path, unstack=unstack)
        with _temporary() as path:
            _solve(document, path, target, call, progress=progress)
            return datasets.taken(path, unstack=unstack)


def validate(config: Description, *, model: Description | None = None) -> dict[str, Any]:
    """Check a run configuration and its model, as the command `cubie validate` does.

    Parameters
    ----------
    config, model
        As for `run`.

    Returns
    -------
    dict
        What the command prints with --json: the number of runs, warnings, tolerances and more.

    Raises
    ------
    CubieError
        With the place of the first mistake.
    """
    from cubie_cli.runs.prepared_batch import prepare_batch  # noqa: PLC0415 - loads much
    from cubie_cli.runs.validity import check_validity  # noqa: PLC0415

    with as_cubie_errors():
        return check_validity(prepare_batch(_document(config, model), None))


def open_result(path: str | PathLike[str], *, unstack: bool = False) -> "xarray.Dataset":
    """Open a result of `run` or `cubie run`.

    Parameters
    ----------
    path
        The file.
    unstack
        Whether the axes of a grid are dimensions, in place of "run"; all values are read then, otherwise when they are
        needed.

    Raises
    ------
    CubieError
        The file is no result, or has not all runs of its grid.
    """
    from cubie_cli.api import datasets  # noqa: PLC0415 - what validate has no use for

    with as_cubie_errors():
        datasets.check_libraries()
        return datasets.dataset(resolved(Path(), fspath(path)), unstack=unstack)


# -- what is given ------------------------------------------------------------------------------


def _document(config: Description, model: Description | None) -> Document:
    """Return the run configuration that a call describes."""
    names: dict[KeyPath, str] = {(): "config"}
    told = _model_table(model, names)
    if isinstance(config, Mapping):
        return given({**config, **told}, names)
    if not isinstance(config, str | PathLike):
        message = f"config is a path or a dictionary, not {type(config).__name__}"
        raise UsageError(message, hint='such as run("lorenz.toml"), or run({"model": {...}, "solve": {...}})')
    document = read_written(resolved(Path(), fspath(config)))
    return _with_model(document, given(told, names)) if told else document


def _model_table(model: Description | None, names: dict[KeyPath, str]) -> dict[str, Any]:
    """Return the table that says what a call says of the model, and note what it is called there."""
    if model is None:
        return {}
    if isinstance(model, Mapping):
        names["model",] = "model"
        return {"model": model}
    if not isinstance(model, str | PathLike):
        raise UsageError(f"model is a path or a dictionary, not {type(model).__name__}")
    names["model", "file"] = "model"
    return {"model": {"file": str(resolved(Path.cwd(), fspath(model)))}}


def _with_model(document: Document, told: Given) -> Document:
    """Return a configuration with another model."""
    place: KeyPath = ("model",)
    return dataclasses.replace(
        document, data={**document.data, **told.data}, overrides={**document.overrides, place: told}
    )


def _check_target(target: str | None) -> None:
    if target is not None and target not in TARGETS:
        raise UsageError(
            f"target is one of {', '.join(TARGETS)}",
            hint=told_of("target", str(target)) or did_you_mean(str(target), TARGETS),
        )


def _call(config: Description, **arguments: Any) -> str:
    """Return a call as a program writes it, with names for dictionaries."""
    told = {"config": config, **arguments}
    texts = {name: name if isinstance(value, Mapping) else repr(_plain(value)) for name, value in told.items()}
    others = [f"{name}={texts[name]}" for name, value in arguments.items() if value is not None]
    return f"{PYTHON_CALL}{', '.join([texts['config'], *others])})"


def _plain(value: Any) -> Any:
    return fspath(value) if isinstance(value, PathLike) else value


# -- what is done -------------------------------------------------------------------------------


def _solve(
    document: Document,
    path: Path,
    target: str | None,
    call: str,
    *,
    progress: bool,
    force: bool = False,
    resume: bool = False,
) -> None:
    """Solve a batch and write its result, as the command does."""
    from cubie_cli.api.progress import CallProgress  # noqa: PLC0415 - loads much
    from cubie_cli.runs.preflight import check_batch  # noqa: PLC0415
    from cubie_cli.runs.prepared_batch import prepare_batch, with_choice  # noqa: PLC0415
    from cubie_cli.runs.resuming import is_complete  # noqa: PLC0415
    from cubie_cli.runs.stopwatch import Stopwatch  # noqa: PLC0415
    from cubie_cli.runs.whole_batch import solve_batch  # noqa: PLC0415

    with CallProgress(quiet=not progress) as shown:
        batch = dataclasses.replace(prepare_batch(document, None, target, path, force=force), command=call)
        if resume:
            batch = with_choice(batch, target, shown)
            if is_complete(batch):
                return
        check_batch(batch)
        batch, tally = solve_batch(batch, target, shown, Stopwatch(), resume=resume)
        if tally.failed:
            shown.warn([_failures(batch, tally, shown.hints)])


def _failures(batch: "PreparedBatch", tally: "Tally", hints: list[str]) -> str:
    """Return what is told of runs that failed."""
    first = f"of {counted(batch.runs, 'run')} failed {tally.describe_failures()}; 'status' tells which"
    return "\n".join([first, *(f"  hint: {hint}" for hint in hints)])


@contextmanager
def _temporary() -> Iterator[Path]:
    """Yield a place for a result that nobody keeps."""
    folder = Path(tempfile.mkdtemp(prefix="cubie-"))
    try:
        yield folder / _RESULT
    except BaseException as error:
        error.__notes__ = []  # of runs that are kept
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
