"""Runs all that can be checked of cubie on a GPU, and prints a table and one line: passed, or what failed.

    python -m tests.verdict [--without CHECK ...] [--workers N] [--log FOLDER]

The checks: `cubie doctor` finds nothing wrong; the tests marked `gpu` pass; and compute-sanitizer finds no error in a
kernel of each kind: `memcheck` (memory that is not its own), `racecheck` (races in shared memory) and `initcheck`
(memory that nobody has written). A check that cannot be run has failed, unless `--without` names it. The exit code is 0
where all passed. `--target cpu` tries the program itself where there is no GPU: the same kernels, and no sanitizer.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ("memcheck", "racecheck", "initcheck")
#: Runs of a batch under compute-sanitizer, which takes some hundred times as long: a warp and a part of one.
_RUNS = "0:40"
#: What compute-sanitizer ends with where it finds an error.
_FOUND = 99
#: Kernels by name: the configuration in `configs`, and what makes it short, or another kernel.
KERNELS = {
    "events": ("bouncing_ball", ["solve.t1=2.0"]),
    "sections": ("driven_pendulum", ["solve.t1=1000.0"]),
    "periods": ("van_der_pol_period", ["solve.t1=20.0", "output.summaries.window=[5.0,20.0]"]),
    "doses": ("oral_doses", ["solve.t1=30.0"]),
    "spikes": ("izhikevich", ["solve.t1=60.0"]),
    "switching": ("threshold_policy", ["solve.t1=60.0"]),
    "explicit": ("lorenz", ["solve.t1=1.0"]),
    "explicit, shared": ("lorenz", ["solve.t1=1.0", "buffers.default=shared"]),
    "explicit, persistent": ("lorenz", ["solve.t1=1.0", "buffers.default=persistent"]),
    "rosenbrock": ("robertson", ["solve.algorithm=rodas5p"]),
    "diagonally implicit, shared": ("robertson", ["solve.algorithm=kvaerno5", "buffers.default=shared"]),
    "fully implicit": ("robertson", ["solve.algorithm=radau_iia_5"]),
}


@dataclass(frozen=True)
class Check:
    """Something that passes or fails.

    Parameters
    ----------
    name
        What to call it.
    command
        What is run.
    trouble
        Returns what is wrong with what it printed, though it ended with 0; nothing where all is well.
    """

    name: str
    command: Sequence[object]
    trouble: Callable[[str], str] = lambda _: ""

    def outcome(self, log: Path | None) -> str:
        """Return "passed", or what is wrong."""
        command = [str(each) for each in self.command]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        except OSError as error:
            return f"cannot be run: {command[0]}: {error.strerror}"
        if log:
            (log / f"{self.name.replace(' ', '-')}.log").write_text(f"{command}\n{done.stdout}\n{done.stderr}")
        if done.returncode:
            return f"exit code {done.returncode}: {_last_line(done.stderr) or _last_line(done.stdout)}"
        return self.trouble(done.stdout) or "passed"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:100]


def _cubie(*arguments: object) -> list[object]:
    return [sys.executable, "-m", "cubie_cli", *arguments]


def _doctor(target: str) -> Check:
    def trouble(out: str) -> str:
        found = json.loads(out)
        device = found["targets"][target]
        return device if device.startswith("unavailable") else "; ".join(map(str, found["problems"]))

    return Check("doctor", _cubie("doctor", "--json"), trouble)


def _tests(target: str, workers: int) -> Check:
    which = ["-m", "gpu"] if target == "cuda" else ["tests/targets/test_lanes.py"]
    return Check("tests", [sys.executable, "-m", "pytest", *which, *(["-n", workers] if workers > 1 else [])])


def _kernels(target: str, folder: Path) -> Iterator[Check]:
    """Yield the checks of kernels; each is compiled first, so that the compilers are not watched."""
    for name, (config, changes) in KERNELS.items():
        solve = ["run", ROOT / "configs" / f"{config}.toml", "--target", target, "--runs", _RUNS, "--quiet"]
        solve += ["--output", folder / "result.h5", "--force", *(part for each in changes for part in ("--set", each))]
        yield Check(f"{name}: solved", _cubie(*solve, "--allow-failures"))
        for tool in TOOLS if target == "cuda" else ():
            watch = ["compute-sanitizer", "--tool", tool, "--error-exitcode", _FOUND]
            # The command itself ends at once, before compute-sanitizer has summed up.
            program = [sys.executable, "-c", "from cubie_cli.main import main; main()"]
            yield Check(f"{name}: {tool}", [*watch, *program, *solve, "--allow-failures"], sanitizer_trouble)


def sanitizer_trouble(out: str) -> str:
    """Return why compute-sanitizer says nothing of errors; nothing where it says that there are none."""
    told = [line for line in out.splitlines() if line.startswith("=")]
    return "" if any("SUMMARY: 0 " in line for line in told) else _last_line("\n".join(told)) or "it has no summary"


def checks(target: str, workers: int, folder: Path) -> list[Check]:
    """Return all checks."""
    return [_doctor(target), _tests(target, workers), *_kernels(target, folder)]


def verdict(chosen: Sequence[Check], log: Path | None = None) -> bool:
    """Run checks, print a row for each and the verdict; return whether all passed."""
    width, failed = max(len(check.name) for check in chosen), []
    for check in chosen:
        outcome = check.outcome(log)
        print(f"{check.name:{width}}  {outcome}", flush=True)
        if outcome != "passed":
            failed.append(check.name)
    print(f"failed: {', '.join(failed)}" if failed else "passed")
    return not failed


def main() -> None:
    """Check as the options say; exit with 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--without", action="append", default=[], metavar="CHECK", help="leave out what has this in its name"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that run the tests")
    parser.add_argument("--log", type=Path, help="keep what commands print in this folder")
    options = parser.parse_args()
    if options.log:
        options.log.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="cubie-verdict-"))
    try:
        every = checks(options.target, options.workers, folder)
        chosen = [check for check in every if not any(name in check.name for name in options.without)]
        passed = verdict(chosen, options.log)
    finally:
        shutil.rmtree(folder)
    sys.exit(not passed)


if __name__ == "__main__":
    main()
