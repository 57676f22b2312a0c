"""Memory: what `cubie memory-report` says of the cases."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.kernels import needs
from benchmarks.table import Row
from cubie_cli import batch

SECTION = "memory"
#: Cases whose kernels differ.
NAMES = tuple(name for name, case in CASES.items() if not case.shuffled and case.group not in {"small", "divergence"})
_KERNEL = ("registers", "local_bytes", "spill_bytes", "occupancy", "limiter")


def measure(wanted: Sequence[str], target: str, options: Sequence[str], arch: str | None) -> Iterator[Row]:
    """Yield a row for each case among the wanted names.

    Parameters
    ----------
    wanted, target, options
        As on the command line.
    arch
        The architecture compiled for; None: that of the GPU here, none on the cpu target.
    """
    for name in wanted:
        case = CASES[name].on(target)
        with tempfile.TemporaryDirectory() as folder:
            report = batch.examine(case.write(Path(folder)), options, target, arch).as_json()
        totals, kernel = report["totals"], report["kernel"] or {}
        figures = {f"{place} B/run": totals[place] for place in ("local", "persistent", "shared")}
        figures |= {"device B/run": report["device"]["bytes"] / case.runs}
        figures |= needs(kernel, _KERNEL)
        yield Row(SECTION, name, figures, report)
