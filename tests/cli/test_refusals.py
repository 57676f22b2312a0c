"""Every mistake is one message on standard error, an exit code, and nothing on standard output."""

import shutil
from types import SimpleNamespace

import pytest


def refused(found, code, *words):
    assert found.code == code, found.err
    assert found.out == ""
    assert "Traceback" not in found.err
    for word in words:
        assert word in found.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "run.toml", "--bogus"],
        ["run", "run.toml", "more.toml"],
        ["run", "run.toml", "--target", "fpga"],
        ["run", "run.toml", "--set", "no equals sign"],
        ["integrate", "run.toml"],
        ["memory-report"],
    ],
)
def test_wrong_usage(cubie, arguments):
    refused(cubie(*arguments), 2)


@pytest.mark.parametrize("command", ["run", "validate", "memory-report"])
def test_a_configuration_that_is_missing(cubie, command):
    refused(cubie(command, "missing.toml"), 3, "missing.toml")


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("solve.rtol=-1", "rtol"),
        ("solve.algorithm='tsit6'", "tsit5"),
        ("solve.bogus=1", "bogus"),
        ("batch.values.sigma=[1.0]", "sigma"),
        ("output.states=['q']", "q"),
        ("buffers.'step.slop'='shared'", "step.slope"),
        ("buffers.step.slop='shared'", "step.slope"),
    ],
)
def test_a_mistake_in_the_configuration(cubie, setting, word):
    refused(cubie("run", "run.toml", "--json", "--set", setting), 3, word)


def test_a_mistake_in_the_model_names_file_line_and_column(cubie, folder):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("-rate*x", "-rat*x"))
    refused(cubie("run", "run.toml"), 3, "model.toml:9:", "rate")


def test_saves_between_fixed_steps_are_refused_at_their_key(cubie):
    settings = ["--set", "solve.algorithm='cash_karp54'", "--set", "output.save_every=0.3"]
    refused(cubie("run", "run.toml", *settings), 3, "save_every")


def test_a_right_hand_side_that_is_not_finite_at_t0(cubie, folder):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("y = 2.0", "y = -2.0"))
    refused(cubie("run", "run.toml", "--json"), 3, "model.toml:10:", "gain*log(y)", "nan", "t0")
    assert not (folder / "result.h5").exists()


def test_a_right_hand_side_that_is_finite_for_some_runs_is_no_mistake(cubie):
    found = cubie("run", "run.toml", "--quiet", "--set", "batch.values={y=[-1.0,2.0]}")
    assert found.code == 4
    assert "1 nonfinite" in found.out


def test_an_output_in_a_folder_that_is_missing(cubie):
    refused(cubie("run", "run.toml", "--output", "nowhere/result.h5"), 5, "nowhere", "mkdir")


def test_an_output_that_is_a_folder(cubie):
    refused(cubie("run", "run.toml", "--output", ".", "--force"), 5, "folder")


@pytest.mark.parametrize("name", ["run.toml", "model.toml", "../{folder}/run.toml"])
def test_an_output_that_is_an_input(cubie, folder, name):
    before = (folder / "run.toml").read_text()
    output = name.format(folder=folder.name)
    refused(cubie("run", "run.toml", "--force", "--output", output), 5, "input")
    assert (folder / "run.toml").read_text() == before


def test_an_output_with_a_name_too_long(cubie):
    refused(cubie("run", "run.toml", "--output", "x" * 300), 5, "too long")


def test_an_output_with_the_longest_name(cubie, folder):
    assert cubie("run", "run.toml", "--quiet", "--output", "x" * 255).code == 0
    assert (folder / ("x" * 255)).is_file()


def test_a_grid_too_large_for_any_disk(cubie, folder):
    settings = ["--set", "batch.values={rate={linspace=[0.0,1.0,1000000]},gain={linspace=[0.0,1.0,1000000]}}"]
    refused(cubie("run", "run.toml", "--json", *settings), 5, "1,000,000,000,000 runs", "TiB")
    assert not (folder / "result.h5").exists()


def test_a_disk_without_room(cubie, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=100))
    refused(cubie("run", "run.toml"), 5, "6 runs", "100 B free")


def test_a_target_that_is_not_here(cubie, monkeypatch):
    from solvers.execution import engine  # noqa: PLC0415 - after the fixtures

    def choose(_requested):
        raise engine.TargetUnavailableError("there is no GPU", "use --target cpu")

    monkeypatch.setattr(engine, "choose_target", choose)
    refused(cubie("run", "run.toml", "--target", "cuda"), 6, "there is no GPU", "--target cpu")


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        ("1", "'devices' must be a list, this is a number\n  hint: put it in square brackets"),
        ("gpu", "'devices' must be 'all'"),
        ("[-1]", "an element of 'devices' must be at least 0"),
        ("[]", "a batch needs a device"),
    ],
)
def test_devices_are_a_list_or_all(cubie, devices, told):
    refused(cubie("validate", "run.toml", "--set", f"run.devices={devices}"), 3, told)


def test_paths_in_quotes_are_those_that_a_shell_would_give(cubie, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("STUDY", str(folder))
    (folder / "coarse.toml").write_text("solve.dt = 0.5")
    assert cubie("run", "~/run.toml", "-q", "--output", "$STUDY/there.h5", "--set", "@~/coarse.toml").code == 0
    assert cubie("show", "$STUDY/there.h5").code == 0
    assert cubie("init", "$STUDY/study").code == 0
    assert (folder / "study" / "run.toml").is_file()
    refused(cubie("show", "$NOWHERE/there.h5"), 3, "$NOWHERE/there.h5: no such file")
    refused(cubie("run", "run.toml", "--output", ""), 5, "the output is a folder: .", "name a file with --output")


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("k=3", "values of the model are model.parameters.NAME"),
        ("states.x=2", "--set has model.parameters.NAME=3 and model.states.NAME=1"),
        ("parameters.rate=2", "batch.values.NAME=[1, 2]"),
        ("batch.rate=3", "swept quantities stand in [batch.values]"),
        ("output=r.h5", "it has keys: output.NAME = ..."),
        ("solve.max_steps=1e6", "write 1000000"),
        ("solve.backend=cpu", "target = ... in [run]"),
        ("model.file='a\\m.toml'", "paths have / between their parts"),
    ],
)
def test_a_setting_that_is_none_is_told_with_what_was_meant(cubie, option, hint):
    refused(cubie("validate", "run.toml", "--set", option), 3, f"error: --set {option}: ", hint)


@pytest.mark.parametrize("name", ["dy/dt", "y_dot", "y'"])
def test_an_equation_names_its_state_alone(cubie, folder, name):
    text = (folder / "model.toml").read_text().replace('y = "gain', f'"{name}" = "gain')
    (folder / "model.toml").write_text(text)
    refused(cubie("validate", "run.toml"), 3, f'{name}"' if "'" in name else f"'{name}'", 'alone: y = "..."')


def test_memory_that_runs_out(cubie, monkeypatch):
    from solvers.execution import engine  # noqa: PLC0415

    def build(*_):
        raise MemoryError

    monkeypatch.setattr(engine, "interpret", build)
    refused(cubie("run", "run.toml"), 5, "out of memory")


def test_a_bug_is_one_line_and_a_traceback_on_request(cubie, monkeypatch):
    from solvers.execution import engine  # noqa: PLC0415

    def build(*_):
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(engine, "interpret", build)
    found = cubie("run", "run.toml", "--quiet")
    refused(found, 1, "ZeroDivisionError: two lines", "report it")
    assert found.err.count("\n") == 1
    monkeypatch.setenv("CUBIE_TRACEBACK", "1")
    assert "Traceback" in cubie("run", "run.toml", "--quiet").err
