"""Goes on with a result whose command was stopped, where that is of the same batch."""

from dataclasses import replace
from typing import TYPE_CHECKING

from cubie_cli.documents.messages import OutputError, UserError
from cubie_cli.kernels.cache_key import COMPILERS
from cubie_cli.results.destination import remove_leftovers
from cubie_cli.results.extent import Extent, read_extent
from cubie_cli.results.provenance import installed_version, version
from cubie_cli.results.unfinished import Unfinished, find_unfinished, forget

if TYPE_CHECKING:
    from cubie_cli.runs.prepared_batch import PreparedBatch


def facts_of(batch: "PreparedBatch") -> dict[str, str]:
    """Return all that the values of a batch's runs depend on, by what to call it: texts, or digests of them."""
    job = batch.job
    texts = {f"the {name}": digest for name, digest in job.digests.items()}
    versions = {f"the version of {name}": installed_version(name) or "none" for name in COMPILERS}
    return texts | versions | {
        "the version of cubie": version(),
        "the target": batch.target,
        "the algorithm": job.configuration.solve.algorithm,
    }  # fmt: skip


def extent_of(batch: "PreparedBatch") -> Extent:
    """Return which batch the result is of, and which of its runs it will have."""
    return Extent(facts_of(batch), batch.selected, batch.job.design.count, str(batch.shard) if batch.shard else None)


def is_complete(batch: "PreparedBatch") -> bool:
    """Return whether the batch's result is there, of just this batch."""
    if batch.output is None:
        return False
    from cubie_cli.documents.damage import reading  # noqa: PLC0415 - for --resume
    from cubie_cli.results.opening import open_result  # noqa: PLC0415 - likewise

    try:
        with reading(batch.output), open_result(batch.output) as file:
            return read_extent(file) == extent_of(batch)
    except UserError:
        return False


def with_begun(batch: "PreparedBatch", *, resume: bool) -> "PreparedBatch":
    """Return a batch with what is left of its result, if it is to go on with that; remove it otherwise.

    Only who holds the output may do so.

    Raises
    ------
    OutputError
        Where something is left that is another's, or of which nothing was said.
    """
    path = batch.output
    if path is None:
        return batch
    batch = replace(batch, facts=facts_of(batch) | {"the runs": f"{batch.selected.start}:{batch.selected.stop}"})
    found = find_unfinished(path)
    if found and found.runs and not batch.replace:
        _check_wanted(batch, found, resume=resume)
    if found and resume and found.facts == batch.facts and _within(found, batch.selected):
        remove_leftovers(path, found.part)
        return replace(batch, begun=found)
    forget(path)
    remove_leftovers(path)
    return batch


def _within(found: Unfinished, selected: range) -> bool:
    """Return whether all runs that are left are of the batch; a journal that says otherwise is damaged."""
    return all(selected.start <= each.start and each.stop <= selected.stop for each in found.finished)


def _check_wanted(batch: "PreparedBatch", found: Unfinished, *, resume: bool) -> None:
    left = f"{found.runs:,} of {batch.runs:,} runs of {batch.output} are left of a command that was stopped"
    if not resume:
        raise OutputError(left, hint="add --resume to go on with them, or --force to start anew")
    other = [name for name in {**batch.facts, **found.facts} if batch.facts.get(name) != found.facts.get(name)]
    if other:
        message = f"{found.runs:,} runs of {batch.output} are left, and {', '.join(other)} differed"
        raise OutputError(message, hint="restore what was, or start anew with --force")
