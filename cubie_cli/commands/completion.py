"""What shells complete: names that a command line knows, and those in the files that it names.

A shell asks at every press of its key, so nothing is loaded that is slow, and what cannot be read completes nothing.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import typer

#: By this variable a shell asks, with the words of the line in others.
ASKED = "_CUBIE_COMPLETE"
_WORDS, _WORD, _LINE = "COMP_WORDS", "COMP_CWORD", "_TYPER_COMPLETE_ARGS"
_TABLES = ("states", "parameters")
#: All buffers there are; to derive their names takes seconds.
BUFFERS = tuple(
    f"{owner}.{name}"
    for owner, names in {
        "controller": "error_history",
        "filter": "diagonal direction direction_product factors preconditioned_vec shadow temp",
        "linear": "diagonal direction direction_product factors preconditioned_vec shadow temp",
        "loop": "parameters state",
        "newton": "contraction delta linearisation residual residual_temp stage_base_bt",
        "output": "interpolated_state",
        "step": (
            "dense_accumulator dense_slopes error error_rhs extension_change extension_defect extension_error "
            "filter_rhs kept_increment kept_step observables slope stage_accumulator stage_increment stage_rhs "
            "stage_slopes stage_solution time_derivative trouble"
        ),
        "summaries": "coefficients counts extremes moments part_coefficients parts searched totals windows",
    }.items()
    for name in names.split()
)

Find = Callable[[typer.Context, str], list[str]]


def answer(app: Callable[[], None]) -> NoReturn:
    """Answer a shell, and end; whatever goes wrong, it gets no other words."""
    word = _whole_word()
    told, code = StringIO(), 0
    with redirect_stdout(told), redirect_stderr(StringIO()):
        try:
            app()
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception:  # noqa: BLE001 - a shell's line is no place for a message
            code = 1
    begun = f"{word.rpartition('=')[0]}=" if "=" in word else ""
    sys.stdout.write("".join(line.removeprefix(begun) for line in told.getvalue().splitlines(keepends=True)))
    sys.stdout.flush()
    raise SystemExit(code)


def _whole_word() -> str:
    """Put together what bash divides at "=", and return the word that it wants the end of; "" of other shells.

    It gives `solve.t1=3` as three words.
    """
    words, joined = os.environ.get(_WORDS, "").split("\n"), list[str]()
    with suppress(ValueError):
        place = int(os.environ.get(_WORD, ""))
        for index, word in enumerate(words[: place + 1]):
            if index and "=" in (word, words[index - 1]):
                joined[-1] += word
            else:
                joined.append(word)
        os.environ[_WORDS], os.environ[_WORD] = "\n".join(joined), str(len(joined) - 1)
    return joined[-1] if joined else ""


def _quiet(find: Find) -> Find:
    """Return a completion that finds nothing where it fails."""

    def found(ctx: typer.Context, incomplete: str) -> list[str]:  # by these names Typer knows what it wants
        try:
            return find(ctx, incomplete)
        except Exception:  # noqa: BLE001 - as above
            return []

    return found


def words(*names: str) -> Find:
    """Return a completion by some words."""
    return _quiet(lambda _context, _incomplete: [*names])


# -- settings -----------------------------------------------------------------------------------


def _settings(context: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of settings, or one with its values."""
    from cubie_cli.configurations.keys import choices, keys  # noqa: PLC0415 - at a shell's question only

    key, equals, _ = incomplete.partition("=")
    if equals:
        return [f"{key}={value}" for value in _values(key) or choices(key)]
    own = _quiet(_of_model)(context, incomplete)
    return [f"{name}=" for name in [*keys(), *own, "buffers.default", *(f"buffers.{name}" for name in BUFFERS)]]


def _values(key: str) -> list[str]:
    """Return the values of settings that have names of their own."""
    if key == "solve.algorithm":
        from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS  # noqa: PLC0415 - as above

        return ["auto", *TABLEAUS, *IMPLICIT_TABLEAUS]
    if key.startswith("buffers."):
        from buffers import LOCATIONS  # noqa: PLC0415 - as above

        return [*LOCATIONS, *(["auto"] if key == "buffers.default" else [])]
    return []


def _file() -> Path:
    """Return the first file on the line: nothing on it is parsed yet where an option wants its value."""
    line = os.environ.get(_WORDS) or os.environ.get(_LINE, "")
    found = (Path(word.strip("'\"")).expanduser() for word in line.split()[1:])
    return next(path for path in found if path.is_file())


def _of_model(_context: typer.Context, _incomplete: str) -> list[str]:
    """Return what is set of the model of the configuration on the line, and of its batch."""
    model = _model(_file())
    names = {table: [name for name in model.get(table, {}) if name.isidentifier()] for table in _TABLES}
    own = [f"model.{table}.{name}" for table in _TABLES for name in names[table]]
    return [*own, *(f"batch.values.{name}" for table in _TABLES for name in names[table])]


def _model(path: Path) -> Mapping[str, Any]:
    """Return the tables of the model that a configuration has or names."""
    import tomli  # noqa: PLC0415 - as above

    from cubie_cli.documents.paths import resolved  # noqa: PLC0415

    model: Mapping[str, Any] = tomli.loads(path.read_text(encoding="utf-8-sig"))["model"]
    if "file" not in model:
        return model
    return tomli.loads(resolved(path.parent, model["file"]).read_text(encoding="utf-8-sig"))


# -- results ------------------------------------------------------------------------------------


def _quantities(_context: typer.Context, _incomplete: str) -> list[str]:
    """Return the variables of the result on the line."""
    import h5py  # noqa: PLC0415 - as above

    with h5py.File(_file(), "r", locking=False) as file:
        return [name for name, data in file.items() if isinstance(data, h5py.Dataset) and not data.is_scale]


settings = _quiet(_settings)
quantities = _quiet(_quantities)
