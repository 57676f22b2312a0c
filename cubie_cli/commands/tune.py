"""`cubie tune`: find settings under which a batch runs faster here."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides, Quiet, TargetChoice

if TYPE_CHECKING:
    from cubie_cli.kernels.tuning import Trial, Tuning

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where the settings go, instead of beside CONFIG."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a file that exists.")]
Seconds = Annotated[float, typer.Option("--seconds", min=0.0, help="When to stop trying.")]
Runs = Annotated[int | None, typer.Option("--runs", min=1, metavar="N", help="Runs to measure with.")]


def tune(  # noqa: PLR0913 - one parameter an option
    config: Configuration,
    *,
    overrides: Overrides = None,
    target: TargetChoice = None,
    output: Output = None,
    force: Force = False,
    seconds: Seconds = 120.0,
    runs: Runs = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure where buffers should lie and how the kernel of CONFIG is best compiled and launched on this device."""
    from cubie_cli.kernels import tuning  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.results import destination  # noqa: PLC0415
    from cubie_cli.results.kinds import SETTINGS  # noqa: PLC0415
    from cubie_cli.runs.progress import Progress  # noqa: PLC0415

    path = output or config.with_suffix(".tuned.toml")
    destination.check_destination(path, inputs=[config], force=force, kind=SETTINGS)
    with Progress(quiet=quiet) as progress, destination.made(path, replace=force) as temporary:
        progress.stage("measuring the configuration as it is")
        bench = tuning.Workbench(config, overrides or (), target, runs, progress)
        found = tuning.tune(bench, seconds, lambda trial: progress.stage(_describe(trial)))
        temporary.write_text(found.as_toml(), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.as_json() | {"file": str(path)}))
    else:
        _print(found, config, path)


def _describe(trial: "Trial") -> str:
    from cubie_cli.kernels.tuning import dotted  # noqa: PLC0415

    change = ", ".join(f"{key} = {json.dumps(value)}" for key, value in dotted(trial.settings).items())
    speed = "" if trial.speed is None else f"{trial.speed:.3f} times as fast"
    return f"{change}: {', '.join(filter(None, (speed, 'kept' if trial.kept else trial.note)))}"


def _print(found: "Tuning", config: Path, path: Path) -> None:
    from cubie_cli.kernels.tuning import dotted  # noqa: PLC0415
    from cubie_cli.reports import terminal  # noqa: PLC0415

    settings = [(key, json.dumps(value)) for key, value in dotted(found.settings).items()]
    pairs = [
        ("device", f"{found.device} ({found.target})"),
        ("runs", f"{found.runs:,}"),
        ("tried", f"{len(found.trials)} changes" + ("" if found.complete else ", until the time was over")),
        ("kernel", f"{1e3 * found.before:.4g} ms as configured, {1e3 * found.after:.4g} ms with the settings"),
        ("speed", f"{found.speed:.3f} times"),
        *(settings or [("settings", "none: nothing was faster than the configuration as it is")]),
        ("file", str(path)),
    ]
    output = terminal.console()
    output.print(terminal.summary(found.title, pairs))
    if settings:
        output.print(f"Use them with: cubie run {config} --set @{path}", soft_wrap=True)
