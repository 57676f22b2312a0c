"""The commands that only report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_help_names_every_command_and_loads_no_compiler():
    code = """
import sys
from cubie_cli.main import main
sys.argv = ["cubie", "--help"]
try:
    main()
except SystemExit as end:
    print("code", end.code)
print("heavy", sorted({"numba", "sympy", "h5py", "numpy"} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in ("run", "memory-report", "validate", "algorithms", "doctor"):
        assert f" {command} " in found.stdout
    assert "code 0" in found.stdout
    assert "heavy []" in found.stdout


def test_module_is_the_command():
    found = subprocess.run(
        [sys.executable, "-m", "cubie_cli", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith("cubie ")
    assert found.stderr == ""


def test_algorithms_as_json(cubie):
    found = json.loads(cubie("algorithms", "--json").out)["algorithms"]
    by_name = {method["name"]: method for method in found}
    assert by_name["tsit5"]["order"] == 5
    assert by_name["tsit5"]["embedded_order"] == 4
    assert by_name["tsit5"]["adaptive"]
    assert by_name["euler"] == by_name["euler"] | {"embedded_order": None, "adaptive": False, "stages": 1}
    assert "rk45" in by_name["dormand_prince54"]["aliases"]
    assert all(method["source"] for method in found)


def test_algorithms_as_a_table(cubie):
    found = cubie("algorithms").out
    assert "dense output" in found
    assert "dormand_prince54" in found


@pytest.mark.parametrize("width", [60, 80, 120])
def test_algorithms_break_no_name(cubie, monkeypatch, width):
    monkeypatch.setattr("cubie_cli.reports.terminal._WIDTH_OF_FILES", width)
    methods = json.loads(cubie("algorithms", "--json").out)["algorithms"]
    found = cubie("algorithms").out
    tables = found[: found.index("Looked at within")]
    words = tables.replace(",", " ").split()
    for method in methods:
        assert {method["name"], *method["aliases"]} <= set(words)
        assert words.count(method["name"]) == (2 if width < 110 and method["aliases"] else 1)
    assert max(map(len, found.splitlines())) <= width


def test_doctor(cubie):
    found = json.loads(cubie("doctor", "--json").out)
    assert set(found) == {"versions", "toolkit", "targets", "processor", "kernels", "problems"}
    assert set(found["targets"]) >= {"cuda", "cpu"}
    assert found["versions"]["numpy"]
    assert 1 <= found["processor"]["threads"] <= found["processor"]["cores"]
    assert "threads a job may use" in cubie("doctor").out


def test_doctor_tells_of_kernels_that_are_kept(cubie, folder, monkeypatch):
    monkeypatch.setenv("CUBIE_CACHE_DIR", str(folder / "kernels"))
    assert cubie("compile", "run.toml", "--target", "cpu").code == 0
    found = json.loads(cubie("doctor", "--json").out)
    assert found["kernels"]["folder"] == str(folder / "kernels")
    assert found["kernels"]["number"] == 1
    assert found["problems"] == []
    (folder / "kernels").chmod(0o755)
    assert "chmod 700" in cubie("doctor").out


def test_validate(cubie):
    assert cubie("validate", "run.toml").out == "run.toml is valid: Decay, 6 runs\n"
    found = json.loads(cubie("validate", "run.toml", "--json").out)
    assert found == {
        "valid": True,
        "runs": 6,
        "model": "Decay",
        "warnings": [],
        "conditions": [],
        "events": [],
        "units": [],
        "drivers": [],
    }


def test_validate_tells_of_locations_that_are_not_used(cubie):
    found = cubie("validate", "run.toml", "--set", 'buffers."controller.error_history"="shared"')
    assert found.code == 0
    assert "controller.error_history" in found.err


def test_validate_with_a_mistake_prints_nothing_to_standard_output(cubie):
    found = cubie("validate", "run.toml", "--set", "solve.t1=-1", "--json")
    assert found.code == 3
    assert found.out == ""
    assert "t1" in found.err


def test_memory_report_as_json(cubie):
    found = json.loads(cubie("memory-report", "run.toml", "--json", "--set", "buffers.default='shared'").out)
    assert set(found) >= {"buffers", "totals", "kernel", "device", "output"}
    assert found["kernel"] is None
    assert "--arch" in found["hint"]
    buffers = found["buffers"]
    assert all(set(row) == {"owner", "name", "location", "dtype", "elements", "bytes", "offset"} for row in buffers)
    assert {row["location"] for row in buffers} == {"shared"}
    assert found["totals"]["shared"] == sum(row["bytes"] for row in buffers)
    assert found["totals"]["local"] == found["totals"]["persistent"] == 0
    assert sum(array["bytes"] for array in found["device"]["arrays"]) == found["device"]["bytes"]
    assert found["output"]["bytes"] > 6 * 3 * 3 * 8


def test_memory_report_to_read(cubie):
    found = cubie("memory-report", "run.toml", "--set", "run.chunk=4").out
    for expected in ("step", "stage_slopes", "local, a run", "runs per chunk", "on disk"):
        assert expected in found


def test_memory_report_compiles_for_a_named_architecture(cubie):
    pytest.importorskip("numba.cuda")
    found = json.loads(cubie("memory-report", "run.toml", "--arch", "sm_90", "--json").out)
    if found["kernel"] is None:
        pytest.skip(found["hint"])
    assert found["kernel"]["arch"] == "sm_90"
    assert found["kernel"]["registers"] > 0
    assert found["totals"]["shared_per_block"] == 0


@pytest.mark.parametrize(("order", "expected"), [("true", 6 * 4), ("false", None)])
def test_memory_report_of_runs_that_are_put_in_order(cubie, order, expected):
    chosen = f"run.kernel.order={order}"
    found = json.loads(cubie("memory-report", "run.toml", "--target", "cuda", "--json", "--set", chosen).out)
    arrays = {array["name"]: array["bytes"] for array in found["device"]["arrays"]}
    assert arrays.get("all of it in order") == (expected and expected + sum(list(arrays.values())[:2]))


@pytest.mark.parametrize(
    ("arch", "meant"),
    [("sm_91", ""), ("sm_50", ""), ("turing5", ""), ("H100", "sm_90"), ("rtx-4090", "sm_89"), ("volta", "sm_70")],
)
@pytest.mark.parametrize("command", ["memory-report", "compile"])
def test_an_architecture_that_is_none_is_refused_with_those_there_are(cubie, command, arch, meant):
    found = cubie(command, "run.toml", "--arch", arch)
    assert found.code == 2
    assert found.err.startswith(f"error: --arch: unknown architecture '{arch}'\n")
    assert "known: sm_70, sm_72" in found.err
    assert ("did you mean" in found.err) == bool(meant)
    assert meant in found.err


def test_a_method_whose_tolerance_is_worth_little_is_warned_of(cubie, folder):
    options = ["--set", "solve.algorithm=rosenbrock23", "--set", "solve.rtol=1e-9"]
    fixed = cubie("validate", "run.toml", *options)
    assert "order 2" not in fixed.err
    (folder / "run.toml").write_text((folder / "run.toml").read_text().replace("dt = 0.25", ""))
    found = cubie("validate", "run.toml", *options)
    assert found.code == 0
    assert "order 2" in found.err


def test_conditions_that_no_step_ends_at_are_named(cubie, folder):
    text = (folder / "model.toml").read_text()
    assert json.loads(cubie("validate", "run.toml", "--json").out)["conditions"] == []
    condition = "(1 if t - 3*floor(t/3) > 1 else 0) + (2 if sin(t) > 0.5 and x > 0.25 else max(x, 0))"
    (folder / "model.toml").write_text(text.replace('"-rate*x"', f'"-rate*x + {condition}"'))
    found = cubie("validate", "run.toml")
    assert found.code == 0
    (line,) = (line for line in found.out.splitlines() if line.startswith("conditions: "))
    for told in ("sin(t) > 0.5", "x > 0.25", "max(x, 0)", "no fixed step ends there", "an event that sets a parameter"):
        assert told in line
    assert "floor" not in line
    assert "mole / second and mole are added" in found.out


@pytest.mark.parametrize(("which", "required"), [("model", ["states", "equations"]), ("run", ["model", "solve"])])
def test_schema_prints_one_object(cubie, which, required):
    found = cubie("schema", which)
    assert found.code == 0
    schema = json.loads(found.out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["required"] == required
    assert cubie("schema", "result").code == 2


def test_validate_tells_of_what_nothing_uses(cubie, folder):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("gain = 1.0", "gain = 1.0\nspare = 2.0"))
    assert "warning: nothing uses 'spare'" in cubie("validate", "run.toml").err
    assert "nothing uses 'spare'" in json.loads(cubie("validate", "run.toml", "--json").out)["warnings"]


def test_runs_that_are_not_there_are_told_before_a_file_for_them(cubie):
    assert "the batch has 6 runs, 0 to 5" in cubie("run", "run.toml", "--runs", "5:9").err
