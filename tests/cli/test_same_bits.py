"""The same configuration gives the same data to the last bit, in whichever way a batch is solved."""

import os
import signal

import numpy as np
import pytest
from support.numbers import difference, numbers
from support.stand_ins import have_threads_as_workers, share_among_processes

from cubie_cli.results.result_file import ResultFile

#: All that can make one run's data hang on another's: events, a driver, a switch, summaries, runs of different lengths.
MODEL = """\
[states]
x = 1.0
y = 0.5
[parameters]
k = 1.0
[equations]
x = "k*y - x**3 + 0.2*light"
y = "-k*x - 6*y + (1 if t < 0.6 else -1)"
[drivers]
light = { times = [0.0, 0.3, 0.5, 1.0], values = [0.0, 1.0, 0.0, 2.0], method = "linear" }
[[events]]
name = "low"
when = "x - 0.8"
direction = "down"
record = { first = 2, states = ["y"] }
set = { x = "x + 0.1" }
[[events]]
name = "dose"
at = { start = 0.2, every = 0.4 }
set = { y = "y + 0.1" }
"""
CONFIGURATION = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "ALGORITHM"
rtol = 1e-5
atol = 1e-7
[batch]
mode = "sample"
n = RUNS
seed = 3
[batch.values]
k = { loguniform = [0.2, 12.0] }
x = { normal = [1.0, 0.1] }
[output]
file = "result.h5"
save_every = 0.25
[output.summaries]
x = ["max", "mean", { crossings = 0.7 }]
y = ["rms", "time_of_min"]
[run]
target = "TARGET"
"""
TABLE = """\
[batch]
table = "runs.csv"
"""
#: How a batch may be solved otherwise: with other options, which change nothing that is computed.
OPTIONS = {
    "chunks of one": ["--set", "run.chunk=1"],
    "chunks of seven": ["--set", "run.chunk=7"],
    "one thread": ["--set", "run.threads=1"],
    "three threads": ["--set", "run.threads=3"],
}


@pytest.fixture
def solve(cubie):
    """Return a function that solves the batch with some options, and returns the data of its result."""

    def solved(*options, output="other.h5"):
        done = cubie("run", "run.toml", "--quiet", "--output", output, *options)
        assert done.code == 0, done.err
        return numbers(output)

    return solved


# -- the ways -----------------------------------------------------------------------------------


def with_options(name):
    return lambda solve, **_: solve(*OPTIONS[name])


def in_shards(solve, cubie, **_):
    parts = [f"part-{index}.h5" for index in range(5)]
    for index, part in enumerate(parts):
        solve("--shard", f"{index}/5", output=part)
    assert cubie("merge", *parts, "--output", "merged.h5").code == 0
    return numbers("merged.h5")


def among_processes(solve, monkeypatch, target, **_):
    if target == "python":
        pytest.skip("the interpreter has no devices")
    share_among_processes(monkeypatch, 2)
    return solve("--set", "run.chunk=3")


def by_an_engine(solve, monkeypatch, target, **_):
    have_threads_as_workers(monkeypatch, 1 if target == "cuda" else 3)
    return solve("--engine", "dask", "--set", "run.chunk=5")


def stopped_and_resumed(solve, cubie, monkeypatch, **_):
    write, written = ResultFile.write, []

    def stopping(self, *arguments):
        write(self, *arguments)
        written.append(self)
        if len(written) == 3:
            os.kill(os.getpid(), signal.SIGUSR1)

    with monkeypatch.context() as patched:
        patched.setattr(ResultFile, "write", stopping)
        assert cubie("run", "run.toml", "--quiet", "--output", "other.h5", "--set", "run.chunk=2").code == 75
    return solve("--set", "run.chunk=5", "--resume")


def repeated(solve, cubie, **_):
    solve("--set", "run.chunk=5", output="first.h5")
    assert cubie("run", "first.h5", "--quiet", "--output", "again.h5").code == 0
    return numbers("again.h5")


def in_another_order(solve, folder, expected, **_):
    """Solve the runs of the sample from a table, in which they are in another order."""
    runs = np.arange(len(expected["run"]))
    order = np.random.default_rng(5).permutation(runs)
    rows = zip(expected["k"][order].tolist(), expected["x_0"][order].tolist(), strict=True)
    (folder / "runs.csv").write_text("\n".join(["k,x", *(f"{k!r},{x!r}" for k, x in rows), ""]))
    text = (folder / "run.toml").read_text()
    begin, end = text.index("[batch]"), text.index("[output]")
    (folder / "run.toml").write_text(f"{text[:begin]}{TABLE}{text[end:]}")
    found = solve()
    return {name: values if name == "run" else values[np.argsort(order)] for name, values in found.items()}


def with_other_saves(solve, expected, **_):
    """Save twice as often: what was saved before, events and summaries are as they were."""
    found = solve("--set", "output.save_every=0.125")
    return {name: found[name][:, ::2] if name in {"x", "y"} else found[name] for name in expected}


def without_saves(solve, folder, expected, **_):
    """Save no series: events and summaries are as they were; the others are not looked at."""
    text = (folder / "run.toml").read_text()
    (folder / "run.toml").write_text(text.replace("save_every = 0.25\n", ""))
    found = solve()
    return {name: expected[name] if name in {"x", "y"} else found[name] for name in expected}


WAYS = {name: with_options(name) for name in OPTIONS} | {
    "shards": in_shards,
    "devices": among_processes,
    "engine": by_an_engine,
    "stopped and resumed": stopped_and_resumed,
    "repeated": repeated,
    "another order": in_another_order,
    "other saves": with_other_saves,
    "no saves": without_saves,
}
ALGORITHMS = ("tsit5", "rodas5p", "kvaerno5")
#: Runs of a batch: the interpreter takes seconds for a few.
RUNS = {"python": 8, "cpu": 40, "cuda": 300}
#: What every run of the tests looks at on a CPU; the other pairs are for `--thorough`.
USUAL = ("cpu", "tsit5")


def case(target, algorithm, way):
    """Return a case; what needs a kernel of its own takes long to compile."""
    on_gpu, thorough = target == "cuda", (target, algorithm) != USUAL or way == "no saves"
    marks = pytest.mark.gpu if on_gpu else [pytest.mark.thorough] * thorough
    return pytest.param((target, algorithm), way, marks=marks, id=f"{target}-{algorithm}-{way}")


CASES = [case(target, algorithm, way) for target in RUNS for algorithm in ALGORITHMS for way in WAYS]


@pytest.fixture(scope="module")
def known():
    """What was found the usual way, by target and algorithm."""
    return {}


@pytest.mark.parametrize(("case", "way"), CASES)
def test_the_way_does_not_matter(case, way, cubie, solve, folder, monkeypatch, known):
    target, algorithm = case
    text = CONFIGURATION.replace("ALGORITHM", algorithm).replace("TARGET", target).replace("RUNS", str(RUNS[target]))
    (folder / "model.toml").write_text(MODEL)
    (folder / "run.toml").write_text(text)
    if case not in known:
        known[case] = solve(output="result.h5")
        assert {"x", "y", "x_max", "low_time", "low_y", "dose_count", "status", "steps"} <= known[case].keys()
        assert (known[case]["low_count"] > 0).any()
        assert len(set(known[case]["steps"])) > 3
    arguments = {"target": target, "cubie": cubie, "folder": folder, "monkeypatch": monkeypatch}
    assert difference(WAYS[way](solve, **arguments, expected=known[case]), known[case]) is None
