"""How much code methods make of systems of several sizes, against what `growth.json` has recorded.

Operations are those of the recorded straight-line functions. Instructions are those of the LLVM module of the cpu
target as written, for 4 runs a vector, before anything is optimised: no toolkit and no clock has a part in it.
`kernel_ledger.py` prints and records the table.
"""

import json
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numba
import sympy
from problems import ADAPTIVE, LORENZ, POLLUTION, lorenz96

from cubie_cli.configurations.job import load
from cubie_cli.kernels.job_kernel import find_kernel
from solvers.execution.cpu.entry import make_kernel
from solvers.tableaus.registry import find
from solvers.targets.cpu.compiler import lower
from solvers.targets.cpu.lanes import Group
from solvers.targets.cpu.target import CpuTarget
from solvers.targets.listing import RECORDED, Listing, llvm_instructions

LEDGER = Path(__file__).with_name("growth.json")

#: One of each family; of explicit methods also one with twice the stages.
METHODS = ("tsit5", "dop853", "rodas5p", "kvaerno5", "radau_iia_5")
#: Name, which ends with the number of states -> the system.
SYSTEMS = {
    "lorenz 3": LORENZ,
    "lorenz96 8": lorenz96(8),
    "lorenz96 16": lorenz96(16),
    "lorenz96 32": lorenz96(32),
    "pollution 20": POLLUTION,
}
CASES = [(method, system) for method in METHODS for system in SYSTEMS]
#: Figure -> how much higher it may be, as a share: with the versions that were recorded, and with others.
MARGINS = {"operations": (0.0, 0.02), "instructions": (0.02, 0.10)}

Figures = dict[str, int]


def figures(method: str, system: str) -> Figures:
    """Return how much code there is of a case."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "run.toml"
        config.write_text("\n".join([ADAPTIVE.replace("tsit5", method), SYSTEMS[system], "[run]\ncache = false"]))
        plan = find_kernel(load(config, ()), "cpu").work
    listing = Listing()
    target = CpuTarget(Group(width=4), listing)
    compiled = lower(*make_kernel(target, plan.loop.build(target, plan.registry), "float64"))
    return {
        "operations": listing.count("operations", RECORDED),
        "instructions": llvm_instructions(str(compiled.library.linked())),
    }


def versions() -> dict[str, str]:
    """Return the versions of what has a part in the figures."""
    major, minor, _ = platform.python_version_tuple()
    return {"numba": numba.__version__, "sympy": sympy.__version__, "python": f"{major}.{minor}"}


def recorded() -> tuple[dict[str, str], dict[str, dict[str, Figures]]]:
    """Return the versions that the ledger was made with, and figures by method and system."""
    ledger = json.loads(LEDGER.read_text())
    return ledger["versions"], ledger["code"]


def grown(found: Figures, before: Figures, *, same_versions: bool) -> list[str]:
    """Return a sentence for each figure that is higher than its margin allows."""
    return [
        f"{figure} were {before[figure]} and are {found[figure]}"
        for figure, margins in MARGINS.items()
        if found[figure] > before[figure] * (1 + margins[0 if same_versions else 1])
    ]


def table(figure: str, code: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    """Return a figure's lines by method and system, and what one more state of Lorenz-96 costs."""
    more = ("a state, 8 to 16", "16 to 32", "a state and stage")
    lines = [
        "".join([f"{figure:14}{'stages':>6}", *(f"{name:>14}" for name in SYSTEMS), *(f"{name:>18}" for name in more)])
    ]
    for method, found in code.items():
        stages = find(method).stages
        small, middle, large = (found[f"lorenz96 {n}"][figure] for n in (8, 16, 32))
        each = ((middle - small) / 8, (large - middle) / 16, (large - middle) / 16 / stages)
        counts = [f"{found[name][figure]:14,}" for name in SYSTEMS]
        lines.append("".join([f"{method:14}{stages:6}", *counts, *(f"{value:18.1f}" for value in each)]))
    return lines


def main(*, update: bool) -> None:
    """Print the table and what has changed, and record it where that is asked for."""
    before = recorded()[1] if LEDGER.exists() else {}
    found = {method: {system: figures(method, system) for system in SYSTEMS} for method in METHODS}
    for figure in MARGINS:
        print("\n".join(table(figure, found)), end="\n\n")
    for method, system in CASES:
        old = before.get(method, {}).get(system, found[method][system])
        for figure, value in found[method][system].items():
            if old[figure] != value:
                print(f"{method}, {system}: {figure} {old[figure]} -> {value}")
    if update:
        LEDGER.write_text(json.dumps({"versions": versions(), "code": found}, indent=2) + "\n")
