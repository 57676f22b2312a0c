"""Answers mistakes on the command line as other mistakes are answered: what is wrong, and what to do about it."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer

from cubie_cli.commands.manual import example
from cubie_cli.documents.messages import UsageError
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.suggestions import did_you_mean, nearest

#: What the parser says, and how it is said here.
_SAID = (
    (r"No such (command|option):? ?'?([^\s']*)'?.*", r"there is no \1 '\2'"),
    (r"Got unexpected extra argument\(s\) \((.*)\)", r"there is more than is expected: \1"),
    (r"Missing (argument|option) '([^']*)'.*", r"the \1 \2 is missing"),
    (r"Option '([^']*)' requires an argument", r"\1 needs a value"),
    (r"Value error, ", ""),
    (r"Input should be greater than or equal to (\d+)", r"it is at least \1"),
    (r"Input should be a valid integer, .*", "a whole number is needed"),
    (r"Invalid value for ([^:]*)", r"invalid value for \1"),
)
_OWN = "before a command there are --version and --help"
#: What extra words on the line of a command mostly are.
_EXTRA = {
    "--set": "a setting stands in one piece: --set solve.rtol=1e-8",
    "-q": "each quantity has an option of its own: -q x -q y",
    "--quantity": "each quantity has an option of its own: --quantity x --quantity y",
}


class Commands(typer.core.TyperGroup):
    """The commands, which tell of wrong usage by `UsageError`."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the options of `cubie` itself."""
        try:
            return super().make_context(*arguments, **options)
        except Exception as error:  # noqa: BLE001 - the parser's own classes are private
            _answer(self, error)

    def invoke(self, ctx: Any) -> Any:
        """Read the rest of the line, and run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:  # noqa: BLE001 - as above
            _answer(self, error)


def _answer(commands: Commands, error: Any) -> NoReturn:
    """Raise `UsageError` for what the parser says, and anything else as it is."""
    if type(error).__name__ == "NoArgsIsHelpError" or not hasattr(error, "format_message"):
        raise error
    context = getattr(error, "ctx", None)
    command = context.command_path.removeprefix("cubie").strip() if context else sys.argv[1]
    said = error.format_message().removesuffix(".")
    for theirs, ours in _SAID:
        said = re.sub(theirs, ours, said)
    told = said[:1].lower() + said[1:]
    hint = _hint(commands, error, told, command) or f"`cubie {command} --help` lists all"
    raise UsageError(told, hint=hint) from None


def _hint(commands: Commands, error: Any, told: str, command: str) -> str | None:
    if told.startswith("there is no command"):
        return _of_command(commands, told.split("'")[1])
    if told.startswith("there is no option"):
        return _of_option(commands, error, command)
    if "more than is expected" in told:
        return next((hint for option, hint in _EXTRA.items() if option in sys.argv), f"as in {example(command)}")
    if " is not one of " in told:
        given, *known = told.partition(": ")[2].split("'")[1::2]
        option = error.param.opts[0].lstrip("-")
        return told_of(option, given) or told_of("argument", given) or did_you_mean(given, known)
    if told.startswith("invalid"):
        return None
    return f"as in {example(command, told.split(maxsplit=1)[0])}"


def _of_command(commands: Commands, name: str) -> str | None:
    if Path(name).suffix or Path(name).exists():
        return f"a command goes before it: cubie {'show' if Path(name).suffix == '.h5' else 'run'} {shlex.quote(name)}"
    near = nearest(name, commands.commands)
    return told_of("command", name) or (f"did you mean {near!r}?" if near else f"known: {', '.join(commands.commands)}")


def _of_option(commands: Commands, error: Any, command: str) -> str | None:
    name = error.option_name
    key = name.lstrip("-").replace("-", "_")
    if not command:
        found = next((each for each, one in commands.commands.items() if _has(one, name)), None)
        return f"it stands behind a command, as in cubie {found} ... {name}" if found else _OWN
    if error.possibilities:
        return f"did you mean {' or '.join(error.possibilities)}?"
    table = _table_of(key)
    if table is None or not _has(commands.commands[command], "--set"):
        return None
    return f"a value of CONFIG is changed by --set {table}.{key}=..."


def _has(command: Any, option: str) -> bool:
    return any(option in each.opts for each in command.params)


def _table_of(key: str) -> str | None:
    """Return the table of a run configuration that has a key."""
    from cubie_cli.configurations.schema import RunConfiguration  # noqa: PLC0415 - takes time, and is rarely asked for

    tables = {name: field.annotation for name, field in RunConfiguration.model_fields.items()}
    return next((name for name, table in tables.items() if key in getattr(table, "model_fields", ())), None)
