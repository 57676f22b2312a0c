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
    ("line", "told"),
    [
        ("run", "the argument CONFIG is missing\n  hint: as in cubie run study/run.toml"),
        ("memory-report", "hint: as in cubie memory-report study/run.toml"),
        (
            "export r.h5",
            "the option --output is missing\n  hint: as in cubie export study/result.h5 --output study.csv",
        ),
        ("run run.toml --zzz", "there is no option '--zzz'\n  hint: `cubie run --help` lists all"),
        ("run run.toml --quite", "hint: did you mean --quiet?"),
        ("run run.toml --rtol 1e-8", "hint: a value of CONFIG is changed by --set solve.rtol=..."),
        ("run run.toml --output", "--output needs a value\n  hint: as in cubie run study/run.toml --set"),
        ("run run.toml more.toml", "there is more than is expected: more.toml\n  hint: as in cubie run study/run.toml"),
        ("run run.toml --set solve.rtol 1", "hint: a setting stands in one piece: --set solve.rtol=1e-8"),
        ("plot r.h5 -q x y", "hint: each quantity has an option of its own: -q x -q y"),
        (
            "run run.toml --target fpga",
            "'fpga' is not one of 'auto', 'cuda', 'cpu', 'python'\n  hint: known here: auto",
        ),
        ("run run.toml --target gpu", "hint: did you mean 'cuda'?"),
        ("tune run.toml --runs 0", "invalid value for '--runs': it is at least 1"),
        ("submit run.toml --shards two", "invalid value for '--shards' / '--jobs': a whole number is needed"),
        ("run run.toml --set nothing", "hint: write it as in --set solve.rtol=1e-8"),
        ("integrate run.toml", "there is no command 'integrate'\n  hint: did you mean 'run'?"),
        ("RUN run.toml", "hint: did you mean 'run'?"),
        ("frobnicate", "hint: known: init, run,"),
        ("run.toml", "hint: a command goes before it: cubie run run.toml"),
        ("--verbose run run.toml", "hint: it stands behind a command, as in cubie run ... --verbose"),
        ("-V", "hint: before a command there are --version and --help"),
    ],
)
def test_wrong_usage(cubie, line, told):
    refused(cubie(*line.split()), 2, told)


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


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("x = 1.0", "x = true", "write 1 or 0"),
        ("x = 1.0", "x = 2024-01-01", "count time from a moment of your choice"),
        ("x = 1.0", "x = 50%", "write a share of 1, as in 0.5 for 50 %"),
        ("rate = 0.5", "rate = 1:10", "values are a list, or { linspace"),
        ('"-rate*x"', '""', "0 where it is nothing"),
        ('"-rate*x"', '"-rate*X"', "did you mean 'x'?"),
        ('"-rate*x"', '"-rate*sin^2(x)"', "as in sin(x)**2"),
        ('"-rate*x"', '"-exp^(x)"', "write exp(x)"),
        ('"-rate*x"', '"-rate*x // decay"', "a comment stands outside of the quotes"),
        ("y = 2.0", "y = [2.0]", "write an element of it, y[0]; it has y[0] alone"),
        ('total = "x + y"', 'total = "total + y"', "write one of them without the others"),
        ("[observables]", '[drivers]\nrain = "rain.csv"\n[observables]', '{ table = "rain.csv"'),
        ("[observables]", '[[events]]\nname = "e"\nat = 1\nset = "x = 1"\n[observables]', 'set = { x = "x + 1" }'),
        ("[observables]", '[[events]]\nname = "e"\nat = 1\nset = { x = "+= 1" }\n[observables]', "as in x + 1"),
        ("[observables]", '[[events]]\nname = "e"\nat = 1\nstop = "yes"\n[observables]', "stop = true"),
        ("[observables]", '[[events]]\nname = "e"\nat = 1\nrecord = true\n[observables]', "record = 10"),
        ("[observables]", '[[events]]\nname = "e"\nat = 1\naction = "x"\n[observables]', "did you mean 'set'?"),
    ],
)
def test_what_to_write_in_the_model_is_told(cubie, folder, was, now, told):
    model = folder / "model.toml"
    text = model.read_text()
    assert was in text
    model.write_text(text.replace(was, now, 1))
    refused(cubie("validate", "run.toml"), 3, told)


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("u[j]", "undefined index 'j'\n"),
        ("u[j]", "write u[i]; a letter counts within sum(j, ...)"),
        ("u[1:3]", "an index is one number; sum(j, 1, 2, u[j]) adds some elements"),
    ],
)
def test_what_to_write_as_an_index_is_told(cubie, folder, index, told):
    model = folder / "model.toml"
    text = model.read_text().replace("y = 2.0", "y = 2.0\nu = { size = 4, value = 1.0 }")
    model.write_text(text.replace("[observables]", f'u = "-{index}"\n[observables]'))
    refused(cubie("validate", "run.toml"), 3, told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["solve.atol=[1e-6, 1e-6]"], "a table has one for each, as in { x = 1e-6, y = 1e-9 }"),
        (["solve.t1=[0, 1]"], "write t0 = ... and t1 = ..."),
        (["solve.controller='pi'"], "it has keys: controller.kind = ..."),
        (["batch.groups.g='t.csv'"], 'write [batch.groups.g], and below it table = "t.csv"'),
        (["batch.groups.g.tabel='t.csv'"], "did you mean 'table'?"),
        (["model='model.toml'"], 'below it file = "model.toml"'),
        (["batch=[]"], "write [batch]"),
        (["output.summaries.x={max=true}"], "write x = [...], a list"),
        (["output.summaries.x=['median']"], "save the trajectory, and take it from that"),
        (["batch.values.rate={linspace=[0, 1, 1e2]}"], "write 100"),
        (["batch.values.rate={linspace=[0, 1, 0.1]}"], "how many values there are, not how far apart"),
        (["batch.values.rate={arange=[0, 1, 0.1]}"], "write linspace = [first, last, number of values]"),
        (["batch.values.x_0=[1, 2]"], "write x: the name of a state stands for its value at the start"),
        (["batch.values.total=[1, 2]"], "sweep the parameters that it is made of"),
        (["batch.values.rtol=[1, 2]"], "what [solve] says is the same for all runs"),
        (["batch={mode='sample', n=2, values.rate={gaussian=[1, 2]}}"], "did you mean 'normal'?"),
        (["run.cache='yes'"], "write true"),
        (["output.file='out/'"], "name a file, such as out/result.h5"),
        (["solve={t1=1.0, algorithm='tsit5', dt_min=2.0}", "output={}"], "dt_min is longer than the span of 1"),
    ],
)
def test_what_to_write_in_a_configuration_is_told(cubie, settings, told):
    refused(cubie("validate", "run.toml", *(word for each in settings for word in ("--set", each))), 3, told)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (b"rate\n2020-01-01\n", "count time from a moment of your choice"),
        (b"rate\nlow\n", "write a number, or leave the row out"),
        (b"PK\x03\x04\x00\x00", "a spreadsheet is saved as CSV first"),
    ],
)
def test_what_a_table_should_be_is_told(cubie, folder, cells, told):
    (folder / "runs.csv").write_bytes(cells)
    refused(cubie("validate", "run.toml", "--set", "batch={table='runs.csv'}"), 3, told)


def test_a_model_that_is_a_configuration(cubie, folder):
    (folder / "model.toml").write_text((folder / "run.toml").read_text())
    refused(cubie("validate", "run.toml"), 3, "this is a run configuration, and a model file is needed here")


@pytest.mark.parametrize(
    ("rtol", "told"), [("2.0", "as large as the solution itself"), ("1e-20", "round-off of float64")]
)
def test_a_tolerance_that_means_nothing_is_warned_of(cubie, rtol, told):
    found = cubie("validate", "run.toml", "--set", f"solve={{t1=1.0, algorithm='tsit5', rtol={rtol}}}")
    assert (found.code, told in found.err) == (0, True)


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
