"""`cubie import`: files, notes and refusals, as they are seen from the shell."""

import json

import pytest

ODE = "par k=2\nx'=-k*x + der\nder'=-der\nx(0)=1\n@ total=4, dt=.01, meth=rk4\ndone\n"


pytestmark = pytest.mark.usefixtures("source")


@pytest.fixture
def source(folder):
    path = folder / "decay.ode"
    path.write_text(ODE)
    return path


def test_a_model_and_its_run_are_written_and_valid(cubie, tmp_path):
    found = cubie("import", "decay.ode")
    assert found.code == 0
    assert "decay.toml: decay, 2 states, 1 parameter\n" in found.out
    assert cubie("validate", "decay.run.toml").code == 0
    assert 'x = "-k*x + der_"' in (tmp_path / "decay.toml").read_text()


def test_what_exists_is_kept(cubie):
    assert cubie("import", "decay.ode").code == 0
    again = cubie("import", "decay.ode")
    assert again.code == 5
    assert "the output exists: decay.toml" in again.err
    assert cubie("import", "decay.ode", "--force").code == 0
    assert cubie("import", "decay.ode", "--output", "decay.ode", "--force").code == 5


def test_names_of_files_and_json(cubie, tmp_path):
    found = cubie("import", "decay.ode", "-o", "m.toml", "--config", "r.toml", "--json")
    told = json.loads(found.out)
    assert told["states"] == 2
    assert (told["model"], told["config"]) == ("m.toml", "r.toml")
    assert (tmp_path / "r.toml").read_text().count('file = "m.toml"') == 1
    assert cubie("import", "decay.ode", "-o", "a.toml", "--config", "a.toml").code == 2


def test_a_refusal_shows_the_line(cubie, source, tmp_path):
    source.write_text("x'=-x\nwiener w\n")
    found = cubie("import", "decay.ode")
    assert found.code == 3
    assert "decay.ode:2:1: 'wiener', noise, cannot be imported\n    wiener w\n" in found.err
    assert not (tmp_path / "decay.toml").exists()
