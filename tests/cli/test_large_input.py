"""Input that is large or odd: a right result or one message, in bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
#: No process here should need a tenth of it; one that hangs is ended.
HANG = 500
LARGEST_MEMORY = 500 << 20

MODEL = """\
[states]
x = 0.5
y = 0.2
[parameters]
a = 1.5
b = 0.5
[equations]
x = "{}"
y = "-y"
"""
RUN = """\
[model]
file = "model.toml"
[solve]
t1 = 1.0
algorithm = "rk4"
dt = 0.25
[output]
file = "result.h5"
[run]
target = "python"
cache = false
"""
MEASURE = """\
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "cubie_cli", *sys.argv[1:]], capture_output=True, text=True)
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs an equation in a process of its own; it returns code, errors and bytes of memory."""

    def call(equation, *settings, command="run"):
        (tmp_path / "model.toml").write_text(MODEL.format(equation))
        (tmp_path / "run.toml").write_text(RUN)
        options = [option for setting in settings for option in ("--set", setting)]
        options += ["--force"] if command == "run" else []
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, command, "run.toml", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
        return done.returncode, done.stderr, int(done.stdout.split()[-1]) * 1024

    call.folder = tmp_path
    return call


def nested(text, levels, start="x"):
    for _ in range(levels):
        start = text.format(start)
    return start


ADAPTIVE = ("solve={t1=1.0,algorithm='rodas5p'}",)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("settings", [(), ADAPTIVE], ids=["explicit", "implicit"])
@pytest.mark.parametrize(
    "equation", [nested("1/(1+{})", 190), nested("sin({})", 199), nested("(1+{})*y", 190)], ids=["/", "sin", "*"]
)
def test_deep_expressions_are_solved(run, equation, settings):
    code, error, _ = run(equation, *settings)
    assert code == 0, error


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("(x if a > b else y) > 0.3", True),
        ("not (x if a < b else y) > 0.3", True),
        ("(1 if (x if a > b else y) > 0.3 else 0) == 1 and b < 1", True),
        ("abs(x if y > x else 2*y) > a", False),
        (nested("(1 if {} else 0) > 0.5", 30, "x > 0.3"), True),
    ],
)
def test_choices_within_conditions_are_solved(run, condition, holds):
    code, error, _ = run(f"1 if {condition} else 0")
    assert code == 0, error
    with h5py.File(run.folder / "result.h5") as file:
        assert file["x"][-1, 0] == pytest.approx(1.5 if holds else 0.5)


def test_long_products_are_differentiated_in_little_memory(run):
    factors = 1 + 1e-3 * np.arange(1, 2001) / 2000
    equation = "-x*" + "*".join(f"(1+{factor - 1!r}*y)" for factor in map(float, factors)) + "/2"
    code, error, memory = run(equation, *ADAPTIVE)
    assert code == 0, error
    assert memory < LARGEST_MEMORY


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("equation", "settings", "code", "words"),
    [
        ("((((1)**50+1)**50+1)**50)", (), 3, ["model.toml:8", "infinite"]),
        (f"min({','.join(f'x+{i}' for i in range(8000))})", (), 3, ["8,000 arguments that differ", "1,000"]),
        ("-x", ("output.save_every=5e-10", "output.states=['x']"), 5, ["save_every", "2,000,000,001", "memory"]),
        ("-x", ("output.save_every=1e-12",), 3, ["save_every", "save times"]),
        ("-x", ("solve.t0=1e9", "solve.t1=1000000001.0", "output.save_every=1e-7"), 3, ["too coarse"]),
        ("-x", ("solve.t1=1e-300", "solve.dt=1e-301"), 3, ["unit of time"]),
        ("-x", ("solve.t1=1e-35", "solve.dt=1e-36", "solve.precision='float32'"), 3, ["float32", "unit of time"]),
        (
            "-x",
            ("batch.values={a={linspace=[0.0,1.0,10000000000]},b={linspace=[0.0,1.0,1000000000]}}",),
            5,
            ["1e+19 runs"],
        ),
    ],
)
def test_what_is_too_large_is_refused_in_little_memory(run, equation, settings, code, words):
    found, error, memory = run(equation, *settings)
    assert found == code, error
    assert all(word in error for word in words), error
    assert len(error) < 2000
    assert memory < LARGEST_MEMORY


def test_a_long_expression_that_is_undefined_is_cut_short(run):
    code, error, _ = run("log(-1-y*y)*" + "*".join(f"(x+{i})" for i in range(1000)))
    assert code == 3
    assert "..." in error
    assert len(error) < 2000


@pytest.mark.one_in(3)
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
@pytest.mark.parametrize("span", [1e-40, 1e-61, 1e-120, 1e-200])
def test_short_spans_are_solved(run, span, algorithm):
    code, error, _ = run(f"-x*{1 / span!r}", f"solve={{t1={span!r},algorithm='{algorithm}',max_steps=100}}")
    assert code == 0, error
    with h5py.File(run.folder / "result.h5") as file:
        assert file["x"][-1, 0] == pytest.approx(0.5 * np.exp(-1), rel=1e-4)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_standard_streams_may_be_closed(run, closed):
    run("-x", command="validate")  # writes the files

    def close():
        for descriptor in closed:
            os.close(descriptor)

    command = [sys.executable, "-m", "cubie_cli", "run", "run.toml", "--force"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(
        command, cwd=run.folder, env=environment, preexec_fn=close, timeout=HANG, check=False, **pipes
    )
    assert done.returncode == 0, done.stderr
    assert b"Error" not in done.stderr
    with h5py.File(run.folder / "result.h5") as file:
        assert file["status"][:].tolist() == [0]
