"""What the compiler makes of a fixed set of kernels for sm_90, against what `kernels.json` has recorded.

    python tests/ledger/kernel_ledger.py              compare
    python tests/ledger/kernel_ledger.py --update     record what is found now

Neither needs a GPU. Both begin with the table of `growth`. More registers mean fewer runs at a time on a
multiprocessor; a stack or spills mean that the state of a run has left the registers, which costs a factor, not per
cents.
"""

import argparse
import json
import math
import re
import subprocess
import tempfile
from pathlib import Path

import growth
from problems import (
    ADAPTIVE,
    ALL_SHARED,
    BRUSSELATOR,
    EVENT,
    FIXED,
    HEAT,
    LORENZ,
    NETWORK,
    PLEIADES,
    QUEUE,
    ROBERTSON,
    SAVING,
    SHARED_RUNS,
    SINGLE,
    SUMMARIES,
    lorenz96,
)

from cubie_cli.runs.prepared_batch import report_memory
from solvers.execution.cuda import occupancy
from solvers.execution.cuda import toolchain as cuda_toolchain

LEDGER = Path(__file__).with_name("kernels.json")
ARCHITECTURE = "sm_90"

#: Registers a thread, in each warp of the same number.
REGISTER_UNIT = occupancy.REGISTER_UNIT // occupancy.WARP

#: Figure -> how much higher it may be, as a share: with the toolkit that was recorded, and with another one.
MARGINS = {
    "registers": (0.0, 0.10),
    "local_bytes": (0.0, 0.25),
    "spill_bytes": (0.0, 0.25),
    "instructions": (0.02, 0.10),
}

#: Name -> parts of a run configuration.
CASES = {
    "lorenz tsit5 fixed float32": (FIXED, SINGLE, LORENZ),
    "lorenz tsit5 fixed float64": (FIXED, LORENZ),
    "lorenz tsit5 adaptive float32": (ADAPTIVE, SINGLE, LORENZ),
    "lorenz tsit5 adaptive float64": (ADAPTIVE, LORENZ),
    "lorenz tsit5 adaptive float64 queue": (ADAPTIVE, LORENZ, QUEUE),
    "lorenz tsit5 adaptive float64 all shared": (ADAPTIVE, LORENZ, ALL_SHARED),
    "lorenz tsit5 adaptive float64 saving 101": (ADAPTIVE, LORENZ, SAVING),
    "lorenz vern7 adaptive float64 saving 101": (ADAPTIVE.replace("tsit5", "vern7"), LORENZ, SAVING),
    "lorenz96 n=8 tsit5 fixed float32": (FIXED, SINGLE, lorenz96(8)),
    "lorenz96 n=20 tsit5 fixed float32": (FIXED, SINGLE, lorenz96(20)),
    "lorenz96 n=32 tsit5 fixed float32": (FIXED, SINGLE, lorenz96(32)),
    "lorenz96 n=128 tsit5 fixed float32, 4 threads a run": (FIXED, SINGLE, lorenz96(128)),
    "lorenz96 n=64 tsit5 adaptive float64 saving 101, 8 threads a run": (ADAPTIVE, lorenz96(64), SAVING, SHARED_RUNS),
    "lorenz96 n=64 tsit5 adaptive float32, an event and summaries, 8 threads a run": (
        ADAPTIVE,
        SINGLE,
        lorenz96(64),
        EVENT,
        SUMMARIES,
        SHARED_RUNS,
    ),
    "robertson rodas5p adaptive float64": (ADAPTIVE.replace("tsit5", "rodas5p"), ROBERTSON),
    "robertson rodas5p adaptive float64 queue": (ADAPTIVE.replace("tsit5", "rodas5p"), ROBERTSON, QUEUE),
    "robertson kvaerno5 adaptive float64": (ADAPTIVE.replace("tsit5", "kvaerno5"), ROBERTSON),
    "robertson radau_iia_5 adaptive float64": (ADAPTIVE.replace("tsit5", "radau_iia_5"), ROBERTSON),
    "brusselator n=50 rodas5p adaptive float64, 8 threads a run": (ADAPTIVE.replace("tsit5", "rodas5p"), BRUSSELATOR),
    "brusselator n=50 radau_iia_5 adaptive float64, 8 threads a run": (
        ADAPTIVE.replace("tsit5", "radau_iia_5"),
        BRUSSELATOR,
        SHARED_RUNS,
    ),
    "heat n=64 kvaerno5 adaptive float64, 8 threads a run": (ADAPTIVE.replace("tsit5", "kvaerno5"), HEAT),
    "network n=32 rodas5p adaptive float64, 16 threads a run": (ADAPTIVE.replace("tsit5", "rodas5p"), NETWORK),
    "network n=32 kvaerno5 adaptive float32, 8 threads a run": (
        ADAPTIVE.replace("tsit5", "kvaerno5"),
        SINGLE,
        NETWORK,
        SHARED_RUNS,
    ),
    "pleiades dop853 adaptive float64": (ADAPTIVE.replace("tsit5", "dop853"), PLEIADES),
}


def figures(name: str) -> dict[str, int] | None:
    """Return what the kernel of a case needs; None without the toolkit."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "run.toml"
        config.write_text("\n".join(CASES[name]))
        kernel = report_memory(config, None, arch=ARCHITECTURE).kernel
    return None if kernel is None else {figure: kernel[figure] for figure in MARGINS}


def toolkit() -> str:
    """Return the release of the assembler, such as 13.5."""
    command = [cuda_toolchain.find_ptxas(), "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.search(r"release (\d+\.\d+)", printed)[1]


def recorded() -> tuple[str, dict[str, dict[str, int]]]:
    """Return the toolkit's release that the ledger was made with, and figures by case."""
    ledger = json.loads(LEDGER.read_text())
    return ledger["toolkit"], ledger["kernels"]


def worse(found: dict[str, int], before: dict[str, int], *, same_toolkit: bool) -> list[str]:
    """Return a sentence for each figure that is higher than its margin allows.

    Registers count as the multiprocessor hands them out, `REGISTER_UNIT` at a time.
    """
    complaints = []
    for figure, margins in MARGINS.items():
        unit = REGISTER_UNIT if figure == "registers" else 1
        allowed = before[figure] * (1 + margins[0 if same_toolkit else 1])
        if -(-found[figure] // unit) > math.ceil(allowed / unit):
            complaints.append(f"{figure} was {before[figure]} and is {found[figure]}")
    return complaints


def main() -> None:
    """Compare with the ledger, or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    update = parser.parse_args().update
    growth.main(update=update)
    cuda_toolchain.require_toolkit()
    release, kernels = recorded() if LEDGER.exists() else (toolkit(), {})
    print(f"toolkit {toolkit()}, the ledger's {release}")
    found = {}
    for name in CASES:
        found[name] = figures(name)
        changes = [
            f"{figure} {value}"
            if (before := kernels.get(name, {}).get(figure, value)) == value
            else f"{figure} {before} -> {value}"
            for figure, value in found[name].items()
        ]
        print(f"{name:64}", ", ".join(changes), flush=True)
    if update:
        LEDGER.write_text(json.dumps({"toolkit": toolkit(), "arch": ARCHITECTURE, "kernels": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
