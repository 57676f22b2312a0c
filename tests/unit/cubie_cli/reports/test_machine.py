import pytest

from cubie_cli.reports import machine


def test_other_distributions_with_our_packages_are_told():
    owners = {"buffers": ["cubie_cli", "ring-buffers"], "solvers": ["cubie-cli"], "numpy": ["numpy"]}
    (problem,) = machine.shadowed(owners)
    assert "'ring-buffers'" in problem
    assert "'buffers'" in problem


@pytest.mark.parametrize(("given", "expected"), [("1", 1), ("0", None), ("x", None)])
def test_slurm_limits_threads(monkeypatch, given, expected):
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
    found = machine.processor()
    assert found.slurm == expected
    assert found.threads >= 1
    assert expected is None or found.threads == expected
