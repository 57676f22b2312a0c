"""Run configurations: defaults, every rule, and the place and words of every refusal."""

from pathlib import Path

import pytest

from cubie_cli.configurations.job import load
from cubie_cli.models.system import read_system
from solvers.settings import ControllerSettings, KernelSettings

CONFIGS = Path(__file__).parents[4] / "configs"


def test_everything_but_the_span_and_algorithm_has_a_default(files):
    job = files.load()
    solve, save = job.configuration.solve, job.configuration.save
    assert (solve.t0, solve.t1, solve.algorithm, solve.precision) == (0.0, 10.0, "tsit5", "float64")
    assert (solve.rtol, solve.atol) == (1e-6, (2e-9, 2e-9))
    assert (solve.dt, solve.dt0, solve.dt_min, solve.dt_max, solve.max_steps) == (
        None,
        None,
        0.0,
        None,
        1_000_000,
    )
    assert solve.controller == ControllerSettings()
    assert (save.states, save.observables, save.every, save.at) == ((0, 1), (), None, None)
    assert job.configuration.output == files.folder / "run.h5"
    assert job.configuration.target == "auto"
    assert (job.configuration.buffers.default, dict(job.configuration.buffers.named)) == ("auto", {})
    assert job.design.count == 1
    assert job.path == files.run
    assert job.model_path == files.model
    assert job.texts == {"configuration": files.run.read_text(), "model": files.model.read_text()}


def test_everything_given_is_kept(files):
    files.append_run(
        'precision = "float32"\nrtol = 1e-4\natol = { y = 1, x = 1e-3 }\n'
        "dt0 = 0.1\ndt_min = 1e-3\ndt_max = 1\n"
        'max_steps = 500\n[solve.controller]\nkind = "pid"\nkp = 0.7\nki = -0.4\nkd = 0\nsafety = 0.8\n'
        'min_factor = 0.1\nmax_factor = 6\n[output]\nfile = "../there/out.h5"\nsave_at = [0, 2.5, 10]\n'
        'states = ["y"]\nobservables = ["v"]\n[run]\ntarget = "python"\nthreads = 3\nchunk = 100\n'
    )
    found = files.load().configuration
    assert found.solve.atol == (1e-3, 1.0)
    assert found.solve.controller == ControllerSettings("pid", 0.7, -0.4, 0.0, 0.8, 0.1, 6.0)
    assert (found.solve.dt0, found.solve.dt_min, found.solve.dt_max, found.solve.max_steps) == (
        0.1,
        1e-3,
        1.0,
        500,
    )
    assert (found.save.states, found.save.observables, found.save.at) == ((1,), (0,), (0.0, 2.5, 10.0))
    assert found.output == files.folder / "../there/out.h5"
    assert (found.target, found.threads, found.chunk) == ("python", 3, 100)


def test_a_model_may_stand_in_the_run_configuration(files):
    tables = files.model.read_text().replace("[", "[model.").replace('name = "test"\n', "")
    files.run.write_text(f'{tables}\n[solve]\nt1 = 1\nalgorithm = "tsit5"\n')
    job = files.load()
    assert read_system(job.model).states == ("x", "y")
    assert job.model_path == files.run
    files.run.write_text(files.run.read_text().replace('"k*y"', '"k*yy"'))
    error = files.refused()
    assert (error.file, error.line) == (str(files.run), 9)


def test_buffers_keep_their_order_and_may_be_quoted_or_not(files):
    files.append_run('[buffers]\n"linear.*" = "persistent"\ndefault = "local"\nnewton.delta = "shared"\n')
    buffers = files.load().configuration.buffers
    assert buffers.default == "local"
    assert list(buffers.named.items()) == [("linear.*", "persistent"), ("newton.delta", "shared")]


def test_a_fixed_step_needs_no_controller(files):
    files.append_run("dt = 0.5\n")
    assert files.load().configuration.solve.dt == 0.5
    assert files.load("solve.controller.kind=fixed").configuration.solve.controller.kind == "fixed"
    assert files.load("solve.algorithm=rk4").configuration.solve.algorithm == "rk4"


def test_tolerances_near_round_off_are_warned_of(files):
    assert files.load().configuration.warnings == ()
    assert "round-off" in files.load("solve.precision=float32", "solve.rtol=1e-8").configuration.warnings[0]


@pytest.mark.parametrize(
    ("added", "column", "words"),
    [
        ("rtoll = 1e-6", 1, ["unknown key 'rtoll' in [solve]", "did you mean 'rtol'"]),
        ("rtol = 0", 8, ["'rtol' must be more than 0"]),
        ("rtol = -1e-6", 8, ["'rtol' must be more than 0"]),
        ("rtol = nan", 8, ["'rtol' must be finite"]),
        ("rtol = inf", 8, ["'rtol' must be finite"]),
        ('rtol = "1e-6"', 8, ["'rtol' must be a number, this is text", "without quotes"]),
        ("rtol = true", 8, ["'rtol' must be a number, this is true or false"]),
        ("rtol = [1e-6]", 8, ["a number", "a list"]),
        ("rtol = 1979-05-27", 8, ["a number", "date"]),
        ("atol = 0.0", 8, ["'atol' must be more than 0"]),
        ("atol = { x = 1e-6 }", 1, ["'y' has no tolerance"]),
        ("atol = { x = 1e-6, y = 1e-6, z = 1 }", 30, ["no state 'z'"]),
        ("atol = { x = 1e-6, y = -1 }", 24, ["'y' must be more than 0"]),
        ('atol = "small"', 8, ["'atol' must be a number"]),
        ("t0 = 10.0", None, ["t1 must be later than t0 = 10"]),
        ("t0 = 11", None, ["t1 must be later"]),
        ("t0 = -1e308\n", None, []),
        ("dt = 0", 6, ["more than 0"]),
        ("dt = 21.0", 6, ["longer than the span"]),
        ("dt = 1e-9", 6, ["max_steps"]),
        ("dt = 1e-320", 6, ["max_steps"]),
        ("dt = 0.1\ndt0 = 0.1", 1, ["'dt0' does nothing"]),
        ('dt = 0.1\ncontroller.kind = "pi"', None, ["'dt' fixes the step"]),
        ('controller.kind = "fixed"', 19, ["fixed steps need 'dt'"]),
        ('controller.kind = "pie"', 19, ["'kind' must be", "did you mean"]),
        ("controller.kq = 1", 1, ["unknown key 'kq' in [solve.controller]"]),
        ("controller = 1", 14, ["'controller' must be a table"]),
        ("controller.min_factor = 1", 25, ["less than 1"]),
        ("dt_min = 1\ndt_max = 0.5", None, ["dt_min must be at most dt_max"]),
        ("max_steps = 0", 13, ["at least 1"]),
        ("max_steps = 1.5", 13, ["whole number"]),
        ("max_steps = 99999999999", 13, ["less than"]),
        ('precision = "double"', 13, ["'float64' or 'float32'"]),
        ("[events]\n", None, ["events are part of the model", "[[model.events]]"]),
        ("[ouput]\n", 2, ["unknown key 'ouput'", "did you mean 'output'"]),
        ('[output]\nsummaries = ["max"]', 13, ["'summaries' must be a table"]),
        ('[output]\nstates = ["z"]', 11, ["no state 'z'"]),
        ('[output]\nstates = "x"', 10, ["must be a list"]),
        ('[output]\nstates = ["x", 1]', 16, ["text in quotes"]),
        ('[output]\nstates = ["x", "x"]', 16, ["given twice"]),
        ("[output]\nstates = []", 10, ["nothing is saved"]),
        ('[output]\nobservables = ["vv"]', 16, ["no observable 'vv'", "did you mean 'v'"]),
        ("[output]\nsave_every = 0", 14, ["more than 0"]),
        ("[output]\nsave_every = 10.5", 14, ["longer than the span"]),
        ("[output]\nsave_every = 1e-12", 14, ["save times"]),
        ("[output]\nsave_every = 1\nsave_at = [1.0]", 1, ["exclude each other"]),
        ("[output]\nsave_at = []", 11, ["no times"]),
        ("[output]\nsave_at = [1, 3, 3]", 18, ["must rise"]),
        ("[output]\nsave_at = [1, 11]", 15, ["not between"]),
        ("[output]\nsave_at = [1, nan]", 15, ["finite"]),
        ('[output]\nfile = ""', 8, ["a file name is needed"]),
        ('[run]\ntarget = "gpu"', 10, ["'target' must be"]),
        ("[run]\nthreads = 0", 11, ["at least 1"]),
        ("[run]\ndevices = []", 11, ["a batch needs a device"]),
        ('[batch]\nmode = "gird"', 8, ["did you mean 'grid'"]),
        ('[buffers]\n"newton.delta" = "global"', 18, ["location is one of"]),
        ('[buffers]\n"newton.delta" = "auto"', 18, ["location is one of"]),
        ("[buffers]\ndefault = 1", 11, ["location is one of"]),
    ],
)
def test_mistakes_are_told_with_their_place(files, added, column, words):
    if added.startswith("t0 = -1e308"):
        files.edit_run("t1 = 10.0", "t1 = 1.7e308")
        words = ["too long"]
    files.append_run(added)
    error = files.refused()
    last = len(files.run.read_text().splitlines())
    assert error.file == str(files.run)
    assert error.line is not None
    if column is not None:
        assert (error.line, error.column) == (last, column), str(error)
    assert all(word in str(error) for word in words), str(error)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("t1 = 10.0\n", "", 3, ["'t1' is missing in [solve]"]),
        ("[solve]\n", "", 1, ["unknown key"]),
        ("tsit5", "tsit55", 5, ["unknown algorithm 'tsit55'", "tsit5"]),
        ("tsit5", "rk4", 5, ["no error estimate", "dt"]),
        ("tsit5", "rodas6", 5, ["unknown algorithm 'rodas6'", "rodas5"]),
        ("model.toml", "models.toml", 2, ["no such model file"]),
        ('"model.toml"', "3", 2, ["file name"]),
        ("[solve]", "name = 'x'\n[solve]", 3, ["'name' does not belong"]),
    ],
)
def test_what_is_missing_or_not_there_is_told(files, old, new, line, words):
    files.edit_run(old, new)
    error = files.refused()
    if words != ["unknown key"]:
        assert error.line == line
        assert all(word in str(error) for word in words), str(error)


def test_a_missing_table_is_told(files):
    files.run.write_text("[solve]\nt1 = 1\nalgorithm = 'tsit5'\n")
    assert "[model]" in str(files.refused())
    files.run.write_text("[model]\nfile = 'model.toml'\n")
    assert "[solve] is missing" in str(files.refused())


def test_a_mistake_in_an_option_names_the_option(files):
    error = files.refused("solve.rtol=0")
    assert error.line is None
    assert str(error).startswith("error: --set solve.rtol=0: 'rtol' must be more than 0")
    assert "did you mean 'rtol'" in str(files.refused("solve.rtoll=1"))


def test_options_change_values(files):
    assert files.load("solve.rtol=1e-8").configuration.solve.rtol == 1e-8
    assert files.load("batch.values.k={ linspace = [0, 1, 5] }").design.count == 5
    assert files.load("solve.algorithm=vern7").configuration.solve.algorithm == "vern7"


# -- names in the result ------------------------------------------------------------------------


def test_names_are_refused_where_they_would_be_written(files):
    files.edit_model("k = 3.0", "time = 3.0\nx_0 = 1.0")
    files.edit_model('"k*y"', '"time*y*x_0"')
    files.load()
    files.append_run("[batch.values]\ntime = [1.0]\n")
    assert "'time'" in files.refused().message
    files.edit_run("time = [1.0]", "x = [1.0]\nx_0 = [2.0]")
    error = files.refused()
    assert (error.line, "'x_0'" in error.message) == (8, True)


def test_a_state_with_the_name_of_a_part_of_the_result_is_refused_if_saved(files):
    for old in ("y = 2", 'y = "-c'):
        files.edit_model(old, old.replace("y", "run", 1))
    files.edit_model('"k*y"', '"k*run"')
    files.edit_model('"x*y"', '"x*run"')
    assert files.refused().file == str(files.model)
    files.append_run('[output]\nstates = ["x"]\n')
    assert files.load().configuration.save.states == (0,)


#: Those that are kept, without settings that somebody has tuned beside them.
EXAMPLES = [path for path in sorted(CONFIGS.glob("*.toml")) if not path.name.endswith(".tuned.toml")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_right(path):
    job = load(path)
    assert job.configuration.output == CONFIGS / f"{path.stem}.h5"
    assert job.design.values(0, 1).shape == (len(job.design.names), 1)
    assert job.configuration.warnings == ()


def test_a_kernel_is_compiled_by_rules_unless_told(files):
    assert files.load().configuration.kernel == KernelSettings()
    files.append_run("[run.kernel]\nthreads_per_block = 64\nvectors = 2\n")
    assert files.load().configuration.kernel == KernelSettings(threads=64, vectors=2)
    assert "multiple of 32" in files.refused("run.kernel.threads_per_block=33").message


def test_a_model_is_no_run_configuration(files):
    files.run.write_text(files.model.read_text())
    error = files.refused()
    assert "this is a model" in error.message
    assert 'file = "run.toml"' in error.hint


def test_home_and_variables_are_put_into_names_of_files(files, monkeypatch):
    monkeypatch.setenv("HOME", str(files.folder / "home"))
    monkeypatch.setenv("WHERE", "there")
    (files.folder / "home").mkdir()
    files.model.rename(files.folder / "home" / "m.toml")
    files.edit_run('"model.toml"', '"~/m.toml"')
    files.append_run('[output]\nfile = "~/$WHERE/out.h5"\n[run]\ncache = "~/kept"\n')
    job = files.load()
    assert job.model_path == files.folder / "home" / "m.toml"
    assert job.configuration.output == files.folder / "home" / "there" / "out.h5"
    assert job.configuration.cache == files.folder / "home" / "kept"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("dt = 0.1\nrtol = 1e-3\n", "'rtol' does nothing where 'dt' fixes the step"),
        ("dt = 0.1\natol = 1e-3\n", "'atol' does nothing"),
        ("dt0 = 0.5\ndt_max = 0.1\n", "dt0 = 0.5 is longer than dt_max = 0.1"),
    ],
)
def test_settings_that_do_nothing_are_told(files, lines, told):
    files.append_run(lines)
    (warning,) = files.load().configuration.warnings
    assert told in warning


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        ("save_every = 0.1\n", "it belongs to [output]: output.save_every"),
        ("t_end = 0.1\n", "did you mean 't1'?"),
        ('[run]\ntarget = "gpu"\n', "did you mean 'cuda'?"),
        ('[batch]\nmode = "lhs"\n', 'method = "latin_hypercube"'),
    ],
)
def test_words_of_other_programs_and_of_other_tables_are_known(files, lines, hint):
    files.append_run(lines)
    assert hint in files.refused().hint


def test_an_option_without_its_table_is_told_it(files):
    assert files.refused("rtol=1e-8").hint == "it belongs to [solve]: solve.rtol"


def test_an_algorithm_of_another_program_is_told_one_that_does_its_job(files):
    files.edit_run('"tsit5"', '"cvode"')
    assert "rodas5p" in files.refused().hint
