"""`cubie init`: a model and a run configuration to begin with."""

import json
import shlex
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from cubie_cli.commands import completion
from cubie_cli.commands.options import Json
from cubie_cli.commands.schema import Which, schema_text
from cubie_cli.documents.messages import OutputError, UsageError
from cubie_cli.documents.paths import resolved
from cubie_cli.documents.suggestions import did_you_mean

#: The templates, from the plainest on.
TEMPLATES = ("plain", "sweep", "sample", "stiff", "dosing", "forced", "spatial")

Folder = Annotated[
    str | None, typer.Argument(metavar="NAME", help="The folder to make; one that is there is added to.")
]
Template = Annotated[
    str,
    typer.Option(
        "--template",
        "-t",
        metavar="TEMPLATE",
        help="What to begin with; see --list.",
        autocompletion=completion.words(*TEMPLATES),
    ),
]
List = Annotated[bool, typer.Option("--list", help="List the templates and what each shows.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace files that exist.")]


def init(
    name: Folder = None,
    *,
    template: Template = "plain",
    listed: List = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a model and a run configuration that run as they are, with comments that explain them."""
    if listed:
        _list(as_json=as_json)
        return
    if name is None or not name.strip():
        raise UsageError("a NAME for the folder is missing", hint="such as: cubie init study")
    if template not in TEMPLATES:
        raise UsageError(f"there is no template {template!r}", hint=did_you_mean(template, TEMPLATES))
    folder = resolved(Path(), name)
    files = sorted(_folder(template).iterdir(), key=lambda file: (not file.name.endswith(".toml"), file.name))
    written = [folder / file.name for file in files]
    schemas = {folder / _schema_of(which): f"{schema_text(which)}\n" for which in Which}
    _write(dict(zip(written, map(_text, files), strict=True)) | schemas, folder, force=force)
    if as_json:
        found = {"template": template, "files": [*map(str, written)], "schemas": [*map(str, schemas)]}
        typer.echo(json.dumps(found))
    else:
        typer.echo(_next_steps(written))


def _folder(template: str) -> Traversable:
    return resources.files("cubie_cli") / "templates" / template


def about(template: str) -> str:
    """Return what a template shows: the first line of its configuration."""
    text = (_folder(template) / "run.toml").read_text(encoding="utf-8")
    return text.splitlines()[0].lstrip("# ")


def _list(*, as_json: bool) -> None:
    found = {template: about(template) for template in TEMPLATES}
    if as_json:
        typer.echo(json.dumps({"templates": [{"name": name, "about": text} for name, text in found.items()]}))
        return
    from cubie_cli.reports import terminal  # noqa: PLC0415 - each command loads what it needs, when it runs

    terminal.console().print(terminal.summary("Templates: cubie init NAME --template TEMPLATE", found.items()))


def _schema_of(which: str) -> Path:
    """Return where in the folder the schema of a file is, by which editors complete it."""
    return Path(".schema") / f"{which}.json"


def _text(file: Traversable) -> str:
    """Return the text of a template's file, with a line that tells editors of its schema."""
    text = file.read_text(encoding="utf-8")
    which = file.name.removesuffix(".toml")
    return f"#:schema ./{_schema_of(which)}\n{text}" if which in list(Which) else text


def _write(wanted: Mapping[Path, str], folder: Path, *, force: bool) -> None:
    """Write files to a folder, all or, where one of them must not be, none."""
    from cubie_cli.results.destination import check_destination, made  # noqa: PLC0415
    from cubie_cli.results.kinds import SCHEMA, SETTINGS, TABLE  # noqa: PLC0415

    kinds = {".csv": TABLE, ".json": SCHEMA, ".toml": SETTINGS}
    _make(folder)
    for path in wanted:
        _make(path.parent)
        if path.exists() and not force:
            hint = "name another folder, or add --force to replace what the template has"
            raise OutputError(f"the folder {folder} has a {path.relative_to(folder)}", hint=hint)
        check_destination(path, inputs=[], force=force, kind=kinds[path.suffix])
    written: list[Path] = []
    try:
        for path, text in wanted.items():
            with made(path, replace=force) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    except OutputError:
        for path in () if force else written:
            path.unlink()
        raise


def _make(folder: Path) -> None:
    if folder.suffix == ".toml":
        raise UsageError(
            f"NAME is a folder, and {folder} looks like a file", hint=f"cubie init {folder.with_suffix('')}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{folder} exists, and is no folder", hint="name another") from None
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise OutputError(f"cannot make the folder {folder}: {told}", hint="name another") from error


def _next_steps(written: list[Path]) -> str:
    model, run = (shlex.quote(str(path)) for path in written[:2])
    result = shlex.quote(str(written[1].with_name("result.h5")))
    steps = {
        f"edit {model} and {run}": "your equations, and what to compute",
        f"cubie validate {run}": "is all in order?",
        f"cubie run {run}": f"solve, and write {result}",
        f"cubie show {result}": "what came out",
        f"cubie plot {result}": "look at it",
    }
    width = max(map(len, steps))
    lines = [f"  {step:{width}}   {meaning}" for step, meaning in steps.items()]
    others = [f"  and {shlex.quote(str(path))}, a table that the model reads" for path in written[2:]]
    return "\n".join([f"wrote {model} and {run}", *others, "", "Next:", *lines])
