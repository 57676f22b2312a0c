"""A configuration that names no algorithm."""

import json

import h5py
import pytest

STIFF = """\
[states]
x = 2.0
y = 0.0
[parameters]
mu = 1000.0
[equations]
x = "y"
y = "mu*(1 - x**2)*y - x"
"""
OPEN = """\
[model]
file = "stiff.toml"
[solve]
t1 = 1000.0
rtol = 1e-5
[batch.values]
mu = { linspace = [500.0, 1000.0, 8] }
[output]
file = "result.h5"
[run]
target = "cpu"
"""


def test_an_algorithm_is_chosen_told_and_kept(cubie, folder):
    (folder / "stiff.toml").write_text(STIFF)
    (folder / "open.toml").write_text(OPEN)
    answer = cubie("run", "open.toml", "--json")
    assert answer.code == 0, answer.err
    assert "choosing an algorithm: tsit5 or " in answer.err
    found = json.loads(answer.out)
    assert found["algorithm"].startswith("rodas")
    assert found["choice"]["runs"] == 2
    (explicit,) = (each for each in found["choice"]["trials"] if each["algorithm"] == "tsit5")
    assert not explicit["complete"]
    with h5py.File("result.h5") as file:
        assert file.attrs["algorithm"] == found["algorithm"]
        assert json.loads(file.attrs["algorithm_choice"]) == found["choice"]
    again = cubie("run", "open.toml", "--force")
    assert "choosing" not in again.err
    assert "compiling" not in again.err
    assert f"{found['algorithm']}, by the work that 2 of the runs take" in " ".join(again.out.split())
    for command in (["memory-report"], ["compile"], ["validate"]):
        assert cubie(*command, "open.toml").code == 0
    planned = cubie("run", "open.toml", "--dry-run", "--force")
    assert "chosen by a run: tsit5 or vern8 or rodas5p" in " ".join(planned.out.split())


def test_what_is_set_for_implicit_methods_leaves_those(cubie):
    answer = cubie("run", "run.toml", *OPENED, "--set", "solve.linear.kind=bicgstab", "--json")
    assert answer.code == 0, answer.err
    assert all(each["algorithm"].startswith("ro") for each in json.loads(answer.out)["choice"]["trials"])


OPENED = ("--set", "solve.algorithm=auto", "--set", "solve={t1=1.0,rtol=1e-4}", "--target", "cpu")


def test_fixed_steps_leave_no_choice(cubie):
    answer = cubie("run", "run.toml", "--set", "solve.algorithm=auto")
    assert answer.code == 3
    assert "an algorithm is needed where 'dt' fixes the step" in answer.err
    assert 'algorithm = "rk4"' in answer.err


ENZYME = """\
[states]
S = 1.0
E = 0.001
C = 0.0
P = 0.0
[parameters]
k1 = 1e5
[equations]
S = "-k1*S*E + 1000*C"
E = "-k1*S*E + 1100*C"
C = "k1*S*E - 1100*C"
P = "100*C"
"""
ENZYMES = """\
[model]
file = "enzyme.toml"
[solve]
t1 = 20.0
rtol = 1e-2
[batch.values]
k1 = { logspace = [1e3, 1e7, 64] }
[run]
target = "cpu"
"""


def test_small_states_that_decide_and_that_nothing_controls_are_told(cubie, folder):
    (folder / "enzyme.toml").write_text(ENZYME)
    (folder / "enzymes.toml").write_text(ENZYMES)
    told = "runs that were tried end with success and come out otherwise, in S, P"
    first = cubie("run", "enzymes.toml")
    assert told in first.err
    assert "set atol = 1e-08 in [solve]" in first.err
    assert told in cubie("run", "enzymes.toml", "--force").err
    assert told in cubie("run", "enzymes.toml", "--force", "--set", "output.states=['E']").err
    mended = cubie("run", "enzymes.toml", "--force", "--set", "solve.atol=1e-08")
    assert told not in mended.err
    with h5py.File("enzymes.h5") as file:
        assert abs(file["S"][-1] + file["C"][-1] + file["P"][-1] - 1.0).max() < 1e-3
        # What a stiff solver of order 5 finds at tolerances of 1e-10.
        assert file["P"][-1].min() == pytest.approx(0.69457, abs=2e-3)
