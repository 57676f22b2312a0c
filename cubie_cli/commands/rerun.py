"""Finds the command that solves a run of a result again, and records what the solvers do on the way."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from cubie_cli.commands import run as running
from cubie_cli.documents.paths import resolved
from cubie_cli.results.provenance import PYTHON_CALL


@dataclass(frozen=True)
class Origin:
    """What made a result.

    Parameters
    ----------
    configuration
        The run configuration: where it is found, or else where it was.
    overrides
        The values of its options --set.
    algorithm
        The algorithm, where the configuration left it open.
    trouble
        Why the configuration cannot be used; None: it is there as it was.
    """

    configuration: Path
    overrides: Sequence[str]
    algorithm: str | None
    trouble: str | None

    def command(self, index: int) -> str:
        """Return the command that traces a run."""
        trace = Path(f"run-{index}-trace.h5")
        changes = [*self.overrides, *([f"solve.algorithm={self.algorithm}"] if self.algorithm else [])]
        parts = ["cubie", "run", str(self.configuration), "--runs", str(index), "--target", "python", "--trace"]
        parts += [str(trace), *(part for change in changes for part in ("--set", change))]
        return shlex.join([*parts, *(["--force"] if trace.exists() else [])])


def with_commands(result: Path, found: dict[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary with the commands that look at the runs that failed, and what is in the way of the first."""
    made = origin(result, attributes) if found["failures"] else None
    if made is None:
        return found | {"look_at": None}
    for kind in found["failures"]:
        kind["first"] = [run | {"command": made.command(run["run"])} for run in kind["first"]]
    command = found["failures"][0]["first"][0]["command"]
    return found | {"look_at": {"command": command, "trouble": made.trouble}}


def origin(result: Path, attributes: Mapping[str, Any]) -> Origin | None:
    """Return what made a result, from its attributes; None where they do not tell of a command.

    What a Python program gave has no file but the result itself.
    """
    command = str(attributes.get("command_line", ""))
    algorithm = str(attributes["algorithm"]) if "algorithm_choice" in attributes else None
    if command.startswith(PYTHON_CALL):
        return Origin(result, (), algorithm, None)
    words = shlex.split(command)
    if words[:1] != ["cubie"] or "run" not in words:
        return None
    given = _parsed(words[words.index("run") + 1 :])
    if given.get("config") is None:
        return None
    written = resolved(Path(), given["config"])
    there, trouble = _found(written, result, str(attributes.get("configuration_sha256")))
    return Origin(there, given.get("overrides") or (), algorithm, trouble)


def _parsed(words: list[str]) -> Mapping[str, Any]:
    """Return the values of what a command line gave to `cubie run`."""
    app = typer.Typer(add_completion=False)
    app.command()(running.run)
    # Options that another version had are no reason to stop.
    settings: dict[str, Any] = {"resilient_parsing": True, "ignore_unknown_options": True, "allow_extra_args": True}
    return typer.main.get_command(app).make_context("run", words, **settings).params


def _found(written: Path, result: Path, digest: str) -> tuple[Path, str | None]:
    """Return where a configuration is, looked for from here and beside its result, and why it is not the same."""
    places = dict.fromkeys((written, result.parent / written, result.parent / written.name))
    there = [place for place in places if place.is_file()]
    for place in there:
        if hashlib.sha256(place.read_bytes()).hexdigest() == digest:
            return place, None
    return (there[0], f"{there[0]} has changed since") if there else (written, f"{written} is not here")
