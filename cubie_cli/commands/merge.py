"""`cubie merge`: the results of a batch's shards as one."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.commands.options import Json, Quiet
from cubie_cli.documents.messages import UsageError, size
from cubie_cli.documents.urls import Url

if TYPE_CHECKING:
    from cubie_cli.results.shards import ShardFile

Shards = Annotated[list[Path], typer.Argument(metavar="SHARD", help="The results of all shards, in any order.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the whole result goes.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a result that exists.")]
Virtual = Annotated[
    bool, typer.Option("--virtual", help="Copy no values: write a small file that reads them from the shards.")
]

#: Bytes whose copying is so quick that nothing need be said meanwhile.
_QUICK = 256 << 20
#: Files that systems let a program have open where nobody changed that, and those that it has open besides shards.
_USUAL_LIMIT, _OTHER_FILES = 1024, 64


def merge(
    shards: Shards,
    *,
    output: Output,
    force: Force = False,
    virtual: Virtual = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make one result of those of all shards of a batch, as `cubie run --shard` writes them."""
    from cubie_cli.results.destination import check_destination, held, placed, remove_leftovers  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.results.shards import read_shards  # noqa: PLC0415
    from cubie_cli.results.stores import at_hand  # noqa: PLC0415
    from cubie_cli.results.unfinished import find_unfinished  # noqa: PLC0415
    from cubie_cli.runs.progress import Progress  # noqa: PLC0415

    if virtual and (elsewhere := [path for path in (output, *shards) if isinstance(path, Url)]):
        message = f"--virtual: a result finds its values in files only, and {elsewhere[0]} is in a store"
        raise UsageError(message, hint="merge without --virtual")
    check_destination(output, inputs=shards, force=force)
    with Progress(quiet=quiet) as progress, ExitStack() as copies, held(output):
        found = read_shards(shards, [copies.enter_context(at_hand(path)) for path in shards])
        small = sum(shard.state.bytes for shard in found) < _QUICK
        check_destination(output, inputs=shards, force=force)
        begun = find_unfinished(output)
        remove_leftovers(output, begun.part if begun else None)
        if not small:
            doing, done = ("reading", "read") if virtual else ("merging", "merged")
            progress.start(found[0].extent.count, doing=doing, done=done)
        with placed(output, replace=force) as temporary:
            _write(found, output, temporary, (lambda _: None) if small else progress.advance, virtual=virtual)
        if virtual:
            progress.warn(_warnings(len(found)))
    _report(found, output, as_json=as_json, virtual=virtual)


def _write(
    shards: "Sequence[ShardFile]", output: Path, temporary: Path, tell: Callable[[int], None], *, virtual: bool
) -> None:
    from cubie_cli.results.compressing import compress, is_to_be_compressed  # noqa: PLC0415
    from cubie_cli.results.destination import check_space, temporary_beside  # noqa: PLC0415
    from cubie_cli.results.merging import merged_bytes, write_merged  # noqa: PLC0415
    from cubie_cli.results.virtual import virtual_image  # noqa: PLC0415

    count = shards[0].extent.count
    if virtual:
        image = virtual_image(shards, temporary.parent, tell)
        check_space(output, len(image), count, "name another disk with {option}")
        temporary.write_bytes(image)
    else:
        compressed, needed = is_to_be_compressed(shards[0].attributes), merged_bytes(shards)
        hint = "name another disk with {option}, or add --virtual"
        check_space(output, needed, count, hint, twice=compressed)
        write_merged(shards, temporary, tell)
        if compressed:
            compress(temporary, temporary_beside(output))


def _warnings(n_shards: int) -> list[str]:
    """Return what is to be known of readers that open so many files."""
    if n_shards < _USUAL_LIMIT - _OTHER_FILES:
        return []
    told = f"programs that read the result open {n_shards:,} files at once, and those that may not find values missing"
    return [f"{told}: allow more with ulimit -n {n_shards + _OTHER_FILES}, or merge without --virtual"]


def _report(shards: "Sequence[ShardFile]", output: Path, *, as_json: bool, virtual: bool) -> None:
    from cubie_cli.reports import terminal  # noqa: PLC0415
    from cubie_cli.results.stores import bytes_of  # noqa: PLC0415
    from solvers.status import Status  # noqa: PLC0415

    counts = sum((Counter(shard.statuses) for shard in shards), Counter[int]())
    statuses = {Status(value).name.lower(): count for value, count in sorted(counts.items())}
    written = bytes_of(output)
    if as_json:
        failed = sum(count for value, count in counts.items() if not Status(value).succeeded)
        found = {"runs": counts.total(), "failed": failed, "statuses": statuses, "shards": len(shards)}
        typer.echo(json.dumps(found | {"virtual": virtual, "file": str(output), "bytes": written}))
        return
    pairs = [
        ("runs", f"{counts.total():,}"),
        ("outcome", ", ".join(f"{count:,} {name}" for name, count in statuses.items())),
        ("shards", f"{len(shards):,}" + ", whose values it reads: keep them where they are" * virtual),
        ("file", f"{output} ({size(written)})"),
    ]
    terminal.console().print(terminal.summary(str(shards[0].attributes.get("title", "")), pairs))
