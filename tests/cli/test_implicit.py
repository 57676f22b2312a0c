"""Stiff systems from the shell."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from support.cases import CASES

from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

CONFIGS = Path(__file__).parents[2] / "configs"
FAMILIES = {"explicit", "DIRK", "FIRK", "Rosenbrock", "Rosenbrock-W"}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("name", "case", "swept"),
    [
        ("robertson", "robertson_40", {"k2": 3e7, "k3": 1e4}),
        ("van_der_pol_stiff", "vanderpol_mu1e6", {"eps": 1e-6}),
        ("hires", "hires", {"k_plus": 280.0, "supply": 0.0007}),
        ("pollution", "pollution", {"k1": 0.35, "k3": 12300.0}),
        ("brusselator", "brusselator1d_n20", {"alpha": 0.02}),
    ],
)
def test_the_examples_agree_with_reference_solutions(cubie, name, case, swept):
    values = ",".join(f"{key}=[{value!r},{value!r}]" for key, value in swept.items())
    settings = ["--set", f"batch={{mode='zip',values={{{values}}}}}", "--set", "output={}", "--target", "cpu"]
    found = cubie("run", CONFIGS / f"{name}.toml", "--json", "--quiet", "--output", "end.h5", *settings)
    assert found.code == 0, found.err
    reference = np.array([CASES[case]["reference"][state] for state in CASES[case]["compare_states"]])
    with xr.open_dataset("end.h5", engine="h5netcdf") as result:
        states = [list(result.data_vars)[CASES[case]["states"].index(state)] for state in CASES[case]["compare_states"]]
        for run in range(2):
            end = np.array([result[state].values[0, run] for state in states])
            scale = np.maximum(np.abs(reference), 1e-3 * np.abs(reference).max())
            assert (np.abs(end - reference) / scale).max() < 1e-4


def test_every_family_is_listed(cubie):
    found = json.loads(cubie("algorithms", "--json").out)["algorithms"]
    by_name = {method["name"]: method for method in found}
    assert list(by_name) == [method["name"] for method in found] == [*TABLEAUS, *IMPLICIT_TABLEAUS]
    assert {method["family"] for method in found} == FAMILIES
    stable = {name: (method["a_stable"], method["l_stable"]) for name, method in by_name.items()}
    assert stable["tsit5"] == (False, False)
    assert stable["crank_nicolson"] == stable["gauss_legendre_6"] == (True, False)
    assert stable["radau_iia_5"] == stable["rodas5p"] == (True, True)
    assert (by_name["backwards_euler"]["stages"], by_name["radau_iia_5"]["stages"]) == (1, 3)
    text = cubie("algorithms").out
    assert all(name in text for name in by_name)


def test_the_report_shows_the_tree(cubie, folder):
    arguments = ["--set", "solve={t1=1.0,algorithm='radau'}", "--set", "buffers={'linear.*'='shared'}"]
    report = json.loads(cubie("memory-report", "run.toml", "--json", *arguments).out)
    tree = {branch["owner"]: branch for branch in report["tree"]}
    assert [tree[name]["parent"] for name in ("loop", "step", "newton", "linear", "filter")] == [
        None,
        "loop",
        "step",
        "newton",
        "step",
    ]
    assert tree["linear"]["own"]["shared"] == tree["newton"]["reserved"]["shared"] == report["totals"]["shared"] > 0
    text = cubie("memory-report", "run.toml", *arguments).out
    assert "\n      linear " in text
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("rate", "algorithm", "settings", "way", "hint"),
    [
        ("1e3*(cos(1e3*rate*x) - x)", "kvaerno5", ["--set", "solve.dt_min=0.01"], "newton_failed", "Newton's method"),
        ("16*rate*x", "rodas4", ["--set", "solve.dt=0.25"], "linear_failed", "singular or not finite"),
        ("-1e5*rate*x", "tsit5", ["--set", "solve.max_steps=100"], "max_steps", "stiff"),
    ],
)
def test_failures_are_counted_by_their_way_and_come_with_a_hint(cubie, folder, rate, algorithm, settings, way, hint):
    (folder / "model.toml").write_text(
        f'[states]\nx = 1.0\n[parameters]\nrate = 1.0\n[equations]\nx = "{rate}"\n', encoding="utf-8"
    )
    solve = ["--set", f"solve={{t1=1.0,algorithm='{algorithm}'}}", *settings]
    batch = ["--set", "batch.values={rate=[1.0]}", "--set", "output.observables=[]"]
    found = cubie("run", "run.toml", *solve, *batch)
    assert found.code == 4, found.err
    assert f"1 (1 {way})" in found.out
    assert any(line.startswith("hint: ") and hint in line for line in found.err.splitlines())
    assert "hint" not in cubie("run", "run.toml", "--quiet", "--force", *solve, *batch).err


def test_all_tables_are_kept_in_the_run(cubie):
    solve = "solve={t1=1.0,algorithm='kvaerno3',newton={max_backtracks=2},linear={kind='bicgstab'}}"
    found = cubie("run", "run.toml", "--quiet", "--json", "--set", solve)
    assert found.code == 0, found.err
    assert json.loads(found.out)["failed"] == 0
