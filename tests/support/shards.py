"""A batch that is solved as a whole and in parts, and what is in a result."""

import dataclasses

import h5py
import numpy as np

from cubie_cli.batches.selection import Shard
from cubie_cli.runs.prepared_batch import prepare_batch
from cubie_cli.runs.progress import Progress
from cubie_cli.runs.resuming import with_begun
from cubie_cli.runs.solving import ready_solver, solve
from cubie_cli.runs.stopwatch import Stopwatch

#: A batch of 64 runs with all that a result can have: a vector, summaries, events that are recorded, axes of a grid.
MODEL = """\
name = "Pulses"
[states]
x = 1.0
u = { value = "1 + i", size = 3 }
[parameters]
rate = 0.5
[equations]
x = "-rate*x"
u = "u[mod(i + 1, 3)] - u[i]"
[observables]
total = "x + u[0]"
[units]
x = "mol"
t = "s"
[[events]]
name = "low"
when = "x - 0.5"
record = { first = 2, states = ["x"] }
set = { x = "x + 1" }
"""
CONFIGURATION = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "euler"
dt = 0.5
[batch.values]
rate = { linspace = [0.5, 2.0, 16] }
x = [1.0, 2.0, 3.0, 4.0]
[output]
file = "result.h5"
save_every = 0.5
observables = ["total"]
[output.summaries]
x = ["max", { crossings = 0.7 }]
u = ["mean"]
[run]
target = "python"
"""
#: Attributes that tell of the command that wrote a file.
OF_COMMAND = {"history", "created", "command_line"}
_REFERENCES = {"DIMENSION_LIST", "REFERENCE_LIST"}


def solve_in_parts(folder, divisions, overrides=()):
    """Write a batch's result, and those of its shards for several numbers of them."""
    (folder / "model.toml").write_text(MODEL)
    (folder / "run.toml").write_text(CONFIGURATION)
    stopwatch = Stopwatch("plan", "compile", "transfer", "kernel", "write")
    batch = prepare_batch(folder / "run.toml", overrides, force=True)
    shards = [Shard(index, of) for of in divisions for index in range(of)]
    with Progress(quiet=True) as progress, ready_solver(batch, progress, stopwatch) as solver:
        for shard in (None, *shards):
            part = batch
            if shard:
                selected, output = shard.runs(batch.runs), shard.named(batch.output)
                part = dataclasses.replace(batch, selected=selected, output=output, shard=shard)
            solve(with_begun(part, resume=False), solver, progress, stopwatch)


def described(path):
    """Return all that is in a result but what tells of the command, and the report of the job that solved it."""
    found = {}
    with h5py.File(path, locking=False) as file:

        def visit(name, item):
            told = {key: repr(value) for key, value in item.attrs.items() if key not in _REFERENCES}
            if isinstance(item, h5py.Dataset) and name != "memory_report/json":
                values = item[()]
                over = [[scale.name for scale in dimension.values()] for dimension in item.dims]
                plain = values.tobytes() if item.dtype.kind in "iuf" else np.asarray(values).tolist()
                told |= {"values": plain, "type": item.dtype, "shape": item.shape, "over": over}
            found[name] = told

        file.visititems(visit)
        found["order"] = list(file)
        found["attributes"] = {name: repr(value) for name, value in file.attrs.items() if name not in OF_COMMAND}
    return found
