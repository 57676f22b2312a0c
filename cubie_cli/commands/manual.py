"""What the help of each command ends with: examples, and pages to read; and the man page, which is made of the help."""

import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import typer

#: What exit codes mean, in a line each.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "0": "done",
        "1": "a bug in cubie",
        "2": "wrong usage of the command line",
        "3": "a mistake in a model or configuration, or an input that cannot be read",
        "4": "finished, and some runs failed",
        "5": "the output exists, is no regular file, or has no room",
        "6": "no device, or one that failed or has too little memory",
        "75": "stopped, and can be gone on with by --resume",
        "128+n": "stopped by signal n",
    }
)
#: By command: examples, and the pages of the documentation that tell more.
_EXAMPLES: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "init": (("cubie init study", "cubie init study --template sweep", "cubie init --list"), "start"),
        "run": (
            (
                "cubie run study/run.toml",
                "cubie run study/run.toml --set solve.rtol=1e-8 --output finer.h5",
                "cubie run study/run.toml --resume --max-time 3h50m --log study.log",
                "cubie run study/run.toml --runs 17 --target python --trace run-17.h5",
            ),
            "configuration, results, batches",
        ),
        "memory-report": (
            ("cubie memory-report study/run.toml", "cubie memory-report study/run.toml --arch sm_90"),
            "memory",
        ),
        "tune": (("cubie tune study/run.toml", "cubie run study/run.toml --set @study/run.tuned.toml"), "tuning"),
        "compile": (
            ("cubie compile study/run.toml", "cubie compile study/run.toml --arch sm_80 --arch sm_90"),
            "cache",
        ),
        "validate": (
            ("cubie validate study/run.toml", "cubie validate study/run.toml --set model.parameters.birth=2"),
            "models, configuration",
        ),
        "merge": (("cubie merge study.*.h5 --output study.h5",), "shards"),
        "schema": (("cubie schema model > model.schema.json",), "configuration"),
        "show": (("cubie show study/result.h5", "cubie show study/result.h5 --model"), "results, trace"),
        "plot": (
            (
                "cubie plot study/result.h5",
                "cubie plot study/result.h5 --kind phase -q hares -q lynxes -o phase.png",
            ),
            "plots",
        ),
        "submit": (
            (
                "cubie submit study/run.toml --shards 64 --time 4h --option=--gpus=1",
                "cubie submit study/run.toml --shards 64 --scheduler sge --dry-run",
            ),
            "shards",
        ),
        "export": (
            (
                "cubie export study/result.h5 --output study.csv",
                "cubie export study/result.h5 --output hares.nc --quantity hares",
            ),
            "results",
        ),
        "import": (("cubie import model.xml --output model.toml", "cubie import lorenz.ode"), "imports"),
        "algorithms": (("cubie algorithms",), "algorithms"),
        "doctor": (("cubie doctor",), "cache"),
    }
)
_CODES = "Exit codes: 0 done, 2 usage, 3 input, 4 runs failed, 5 output, 6 device; all are in docs/exit-codes.md"
_ABOUT = (
    "Integrates one system of ordinary differential equations for very many parameter sets and initial values at once, "
    "on NVIDIA GPUs and CPUs. A model file has the equations, a run configuration says how to solve them, for which "
    "values, and what to keep; both are TOML. The result is one HDF5 file, which readers of netCDF-4 open too."
)
_FILES = (
    (
        ".result.h5.*",
        "results not complete yet, beside their names; for an object store in the folder that CUBIE_SCRATCH_DIR names",
    ),
    (
        "~/.cache/cubie",
        "compiled kernels; the variable CUBIE_CACHE_DIR names another folder, and XDG_CACHE_HOME the one that it is in",
    ),
)


class Documented(typer.core.TyperCommand):
    """A command whose help ends with examples, each on one line however long it is, so that it can be copied."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        super().format_help(ctx, formatter)
        typer.echo("\n".join(closing(str(self.name), shutil.get_terminal_size().columns)))


def closing(command: str, width: int) -> Iterator[str]:
    """Yield the lines that the help of a command ends with."""
    examples, pages = _EXAMPLES[command]
    told = ", ".join(f"docs/{page}.md" for page in pages.split(", "))
    yield " Examples:"
    yield from (f"   {each}" for each in examples)
    yield ""
    for text in (_CODES, f"More: {told}; man cubie"):
        yield from textwrap.wrap(text, width - 1, initial_indent=" ", subsequent_indent=" ")
    yield ""


def example(command: str, word: str = "") -> str:
    """Return the plainest way to use a command, with a word in it where there is one; that of none is of `run`."""
    examples, _ = _EXAMPLES.get(command, _EXAMPLES["run"])
    return next((each for each in examples if word in each.split()), examples[0])


def man_page(app: typer.Typer) -> str:
    """Return the man page in the language of man(7)."""
    group: Any = typer.main.get_command(app)
    lines = [
        '.TH CUBIE 1 "" "cubie" "User Commands"',
        ".SH NAME",
        r"cubie \- integrate one system of ODEs for many parameter sets and initial values at once",
        ".SH SYNOPSIS",
        *(_synopsis(name, command) for name, command in group.commands.items()),
        ".SH DESCRIPTION",
        _text(_ABOUT),
        ".SH COMMANDS",
    ]
    for name, command in group.commands.items():
        lines += [f".SS {_text(name)}", _text(command.help), *_parameters(command)]
        lines += [".PP", "Examples:", ".EX", *(f"  {_text(each)}" for each in _EXAMPLES[name][0]), ".EE"]
    lines += [".SH EXIT STATUS", *(line for pair in CODES.items() for line in _item(*pair))]
    lines += [".SH FILES", *(line for pair in _FILES for line in _item(*pair))]
    return "\n".join([*lines, ""])


def _synopsis(name: str, command: Any) -> str:
    """Return a command with its arguments, on a line of its own."""
    arguments = [each.metavar for each in command.params if each.param_type_name == "argument"]
    return f".br\n.B cubie {_text(name)}\n{_text(' '.join([*arguments, '[options]']))}"


def _parameters(command: Any) -> Iterator[str]:
    for each in command.params:
        term, told = each.get_help_record(typer.Context(command))
        yield from _item(term if each.param_type_name == "option" else each.metavar, told)


def _item(term: str, told: str) -> Iterator[str]:
    yield from (".TP", f".B {_text(term)}", _text(told))


def _text(text: str) -> str:
    """Return a text with what man(7) takes for its own, and names of commands in bold."""
    plain = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    marked = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", plain)
    return rf"\&{marked}" if marked.startswith((".", "'")) else marked
