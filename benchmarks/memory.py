"""Memory: what `cubie memory-report` says of the cases."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.cases import CASES, Case
from benchmarks.kernels import needs
from benchmarks.table import Row, attempted
from cubie_cli.runs.prepared_batch import report_memory

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
        yield attempted(SECTION, name, partial(_row, CASES[name].on(target), target, options, arch))


def _row(case: Case, target: str, options: Sequence[str], arch: str | None) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        report = report_memory(case.write(Path(folder)), options, target, arch).as_json()
    figures = {f"{place} B/run": report["totals"][place] for place in ("local", "persistent", "shared")}
    figures |= {"device B/run": report["device"]["bytes"] / case.runs}
    return Row(SECTION, case.name, figures | needs(report["kernel"] or {}, _KERNEL), report)
