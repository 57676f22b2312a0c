"""Cubie 0.17 as a yardstick: a program of its own, because it has the packages of another installation.

It reads requests from standard input, one JSON object a line, and answers each with one: the milliseconds of the
kernel, by that program's own events, and of the whole solve, how many runs failed, and the last states of a sample of
runs. "repeat" says how often it is timed. The last request's solver is kept, so that asking again compiles nothing.
With a file as argument it answers the one request in it, writes the result to the request's "output" as HDF5, and ends:
a whole command.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

_WARM = 3


class Solving:
    """A request, ready to be solved again and again."""

    def __init__(self, request: dict[str, Any]) -> None:
        import cubie  # noqa: PLC0415 - only here, where it is needed and its import is timed

        precision = np.dtype(request["precision"]).type
        self.system = cubie.create_ODE_system(
            "\n".join(request["equations"]),
            precision=precision,
            states=request["states"],
            parameters=request["parameters"],
            swept_parameters=[request["sweep"]] if request["sweep"] in request["parameters"] else [],
            name=request["name"],
        )
        self.solver = cubie.Solver(
            self.system,
            algorithm=request["algorithm"],
            output_types=["state"],
            time_logging_level="silent",
            **request["settings"],
        )
        low, high, runs = request["range"]
        values = np.linspace(low, high, runs)
        if request["shuffled"]:
            values = np.random.default_rng(1).permutation(values)
        states: dict[str, Any] = dict(request["states"])
        parameters: dict[str, Any] = {}
        (states if request["sweep"] in states else parameters)[request["sweep"]] = values
        grids = self.solver.prepare_grid_arrays(states, parameters)
        self.inputs = [np.ascontiguousarray(grid, dtype=precision) for grid in grids]
        self.duration = request["duration"]
        self.sample = np.linspace(0, runs - 1, request["sample"]).astype(int)
        self.order = [list(self.solver.saved_states).index(name) for name in request["states"]]

    def solve(self) -> Any:
        """Return the program's result."""
        return self.solver.solve(*self.inputs, duration=self.duration, nan_error_trajectories=False)

    def kernel_ms(self) -> float:
        """Return the milliseconds of the last solve's kernels."""
        events = self.solver.kernel._cuda_events  # noqa: SLF001 - it has no public name
        return float(sum(event.elapsed_time_ms() for event in events if event.name.startswith("kernel_chunk")))

    def time(self, repeat: int) -> dict[str, Any]:
        """Return median milliseconds of kernel and solve, how many runs failed, and the states of the sample."""
        kernel, whole = [], []
        for _ in range(_WARM if repeat > 1 else 0):
            self.solve()
        for _ in range(repeat):
            start = time.perf_counter()
            result = self.solve()
            whole.append(1e3 * (time.perf_counter() - start))
            kernel.append(self.kernel_ms())
        status = np.asarray(result.status_codes)
        states = np.asarray(result.state)[-1][self.order][:, self.sample].astype(float)
        return {
            "ms": statistics.median(kernel),
            "solve_ms": statistics.median(whole),
            "failed": int(np.count_nonzero(status)),
            "states": np.where(status[self.sample] == 0, states, np.nan).tolist(),
        }


def write(solving: Solving, request: dict[str, Any]) -> None:
    """Solve once, and write the last states of all runs as HDF5."""
    import h5py  # noqa: PLC0415 - only whole commands need it

    result = solving.solve()
    states = np.asarray(result.state)[-1]
    with h5py.File(request["output"], "w") as file:
        for name, values in zip(solving.solver.saved_states, states, strict=True):
            file[name] = values
        file["status"] = np.asarray(result.status_codes).astype(np.int8)
        low, high, runs = request["range"]
        file[request["sweep"]] = np.linspace(low, high, runs)


def serve() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the program prints is no answer
    last, solving = None, None
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            repeat = asked.pop("repeat")
            if asked != last or solving is None:
                if solving is not None:
                    solving.solver.close()
                last, solving = asked, Solving(asked)
            answer = solving.time(repeat)
        except Exception as error:  # noqa: BLE001 - whatever is wrong there is an answer too
            answer, solving = {"error": f"{type(error).__name__}: {error}"}, None
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        write(Solving(asked), asked)
    else:
        serve()
