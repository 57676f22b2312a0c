"""Kernels that are kept: found again, never a wrong one, and what it takes to run one."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cubie_cli.kernels import cache as kernel_cache


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty cache that commands use."""
    place = tmp_path / "kernels"
    monkeypatch.setenv(kernel_cache.FOLDER_VARIABLE, str(place))
    return place


#: Compilers, a second parser of TOML for mistakes, and a method that is not asked for.
NEEDLESS = ("numba", "sympy", "scipy", "llvmlite", "obstore", "asyncio", "tree_sitter", "solvers.tableaus.vern9")


@pytest.fixture
def run(folder, cache):
    """Return a function that runs the batch in a process of its own, and tells what it loaded."""
    del cache

    def call(*options, target="cpu"):
        program = (
            "import sys, json\n"
            "from cubie_cli.main import main\n"
            "try: main()\n"
            "except SystemExit as ended: code = ended.code\n"
            f"print(json.dumps([name for name in {NEEDLESS} if name in sys.modules]))\n"
            "sys.exit(code)\n"
        )
        arguments = ["run", "run.toml", "--target", target, "--force", "--json", *options]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answer, loaded = done.stdout.splitlines()
        return json.loads(answer)["seconds"]["compile"], json.loads(loaded)

    return call


def kernels(cache):
    return sorted(path.name for path in cache.glob("*.kernel"))


def test_a_kernel_that_is_kept_runs_without_numba_and_sympy(run, cache, folder):
    seconds, loaded = run()
    assert seconds > 0
    assert loaded == ["numba", "sympy", "llvmlite"]
    first = (folder / "result.h5").read_bytes()
    seconds, loaded = run()
    assert seconds == 0
    assert loaded == ["llvmlite"]
    assert len(kernels(cache)) == 1
    assert values(folder / "result.h5") == values(first_copy(folder, first))


@pytest.mark.gpu
def test_a_kernel_that_is_kept_runs_on_a_gpu_without_any_compiler(run, folder):
    seconds, loaded = run(target="cuda")
    assert seconds > 0
    assert "numba" in loaded
    first = (folder / "result.h5").read_bytes()
    seconds, loaded = run(target="cuda")
    assert (seconds, loaded) == (0, [])
    assert values(folder / "result.h5") == values(first_copy(folder, first))


def first_copy(folder, content):
    path = folder / "first.h5"
    path.write_bytes(content)
    return path


def values(path):
    import h5py  # noqa: PLC0415

    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in ("x", "y", "total", "status", "steps", "time", "rate")} | {
            "report": json.dumps(file["memory_report"].attrs.get("totals", ""), default=str)
        }


#: An override each that changes what code the kernel has.
CHANGES = [
    'solve.algorithm="bogacki_shampine32"',
    'solve.precision="float32"',
    'output.states=["x"]',
    "output.observables=[]",
    'buffers.default="shared"',
    'buffers.step.stage_slopes="persistent"',
    "run.kernel.vectors=1",
    "batch.values.gain=[1.0, 2.0]",
]


@pytest.mark.thorough
def test_no_change_takes_a_kernel_of_another_setting(cubie, cache):
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    for count, change in enumerate(CHANGES, start=2):
        assert cubie("run", "run.toml", "--target", "cpu", "--force", "--set", change).code == 0
        assert len(kernels(cache)) == count, change


#: Numbers that a kernel is given as it starts, of fixed steps and of steps that adapt.
FIXED = ["solve.t0=0.5", "solve.t1=1.5", "solve.dt=0.125", "solve.max_steps=100", "output.save_every=0.25"]
ADAPTIVE = [
    "solve.t1=1.5",
    "solve.rtol=1e-8",
    "solve.atol=1e-3",
    "solve.dt0=0.02",
    "solve.dt_min=0.2",
    "solve.dt_max=0.05",
    "solve.max_steps=3",
    "solve.controller.safety=0.5",
    "solve.controller.ki=0.5",
    "solve.controller.max_factor=1.5",
    "output.save_every=0.125",
]
STEPS = {
    "fixed": ("dt = 0.25", FIXED),
    "adaptive": ("rtol = 1e-5\natol = 1e-7\ndt0 = 0.01\ndt_min = 1e-9\ndt_max = 0.5", ADAPTIVE),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("steps", STEPS)
def test_a_number_that_is_set_takes_the_kernel_that_was_kept(cubie, cache, folder, steps):
    settings, changes = STEPS[steps]
    config = folder / "run.toml"
    config.write_text(config.read_text().replace("dt = 0.25", settings))
    command = ("run", "run.toml", "--target", "cpu", "--force", "--json")
    assert json.loads(cubie(*command).out)["seconds"]["compile"] > 0
    seen = [values(folder / "result.h5")]
    for change in changes:
        answer = json.loads(cubie(*command, "--set", change).out)
        assert answer["seconds"]["compile"] == 0, change
        found = values(folder / "result.h5")
        assert json.loads(cubie(*command, "--set", change, "--set", "run.cache=false").out)["seconds"]["compile"] > 0
        assert found == values(folder / "result.h5"), change
        assert found not in seen or change == "solve.max_steps=100"
        seen.append(found)
    assert len(kernels(cache)) == 1


def test_numbers_that_are_refused_are_so_with_a_kernel_that_is_kept(cubie, cache):
    command = ("run", "run.toml", "--target", "cpu", "--force", "--set", 'solve.algorithm="cash_karp54"', "--set")
    before = cubie(*command, "output.save_every=0.3")
    assert cubie(*command, "output.save_every=0.25").code == 0
    after = cubie(*command, "output.save_every=0.3")
    assert len(kernels(cache)) == 1
    assert before.code == after.code == 3
    assert "saves at steps only" in after.err
    assert after.err == before.err


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('x = "-rate*x"', 'x = "-2*rate*x"'),
        ('total = "x + y"', 'total = "x - y"'),
        ('"gain*log(y)"', '"gain*log(y)*c"'),
    ],
)
def test_an_edited_model_takes_no_old_kernel(cubie, cache, folder, old, new):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace("[equations]", "[constants]\nc = 2.0\n[equations]"))
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    model.write_text(model.read_text().replace(old, new))
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    assert len(kernels(cache)) == 2


def test_a_constant_is_part_of_the_kernel(cubie, cache, folder):
    model = folder / "model.toml"
    text = model.read_text().replace('"-rate*x"', '"-rate*x*c"')
    for count, value in enumerate((1.0, 2.0), start=1):
        model.write_text(text.replace("[equations]", f"[constants]\nc = {value}\n[equations]"))
        assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
        assert len(kernels(cache)) == count


@pytest.mark.parametrize("change", ["batch.values.rate=[0.5, 7.0]", "run.threads=1", "run.chunk=2"])
def test_what_a_kernel_is_handed_is_no_part_of_it(cubie, cache, change):
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    assert cubie("run", "run.toml", "--target", "cpu", "--force", "--set", change).code == 0
    assert len(kernels(cache)) == 1


def test_versions_sources_and_machines_are_part_of_the_key(cubie, cache, monkeypatch):
    from cubie_cli.kernels import cache_key  # noqa: PLC0415
    from solvers.execution import engine  # noqa: PLC0415

    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    monkeypatch.setattr(cache_key, "installed_version", lambda name: f"{name} 0")
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    monkeypatch.setattr(cache_key, "digest_of_sources", lambda: "edited")
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    monkeypatch.setattr(engine, "architecture", lambda *_: "another processor")
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    assert len(kernels(cache)) == 4


def test_a_start_that_is_undefined_is_found_with_a_kernel_that_is_kept(cubie, cache):
    command = ("run", "run.toml", "--target", "cpu", "--force", "--set")
    before = cubie(*command, "batch.values.y=[-1.0]")
    assert cubie(*command, "batch.values.y=[2.0]").code == 0
    after = cubie(*command, "batch.values.y=[-1.0]")
    assert len(kernels(cache)) == 1
    assert before.code == after.code == 3
    assert "log(y)" in after.err
    assert after.err == before.err


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data[:100], lambda _: b"", lambda _: b"x" * 500]
)
def test_a_spoilt_entry_is_compiled_anew(cubie, cache, spoil):
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    (path,) = cache.glob("*.kernel")
    path.write_bytes(spoil(path.read_bytes()))
    entry = kernel_cache.Entry(cache, path.stem)
    assert entry.read() is None
    assert not path.exists()
    assert cubie("run", "run.toml", "--target", "cpu", "--force").code == 0
    assert entry.read() is not None


def test_processes_that_start_cold_at_once_all_succeed(run, cache):
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda number: run("--output", f"result{number}.h5"), range(2)))
    assert len(outcomes) == 2
    assert len(kernels(cache)) == 1
    assert [path.name for path in cache.iterdir()] == kernels(cache)


def test_the_folder_is_the_users_alone(cubie, cache):
    cubie("run", "run.toml", "--target", "cpu", "--force")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    (entry,) = cache.iterdir()
    cache.chmod(0o770)
    entry.unlink()
    answer = cubie("run", "run.toml", "--target", "cpu", "--force")
    assert answer.code == 0
    assert "chmod 700" in answer.err
    assert not kernels(cache)


def test_a_folder_that_cannot_be_made_is_a_remark(cubie, cache):
    cache.write_text("a file")
    answer = cubie("run", "run.toml", "--target", "cpu", "--force")
    assert answer.code == 0
    assert "kernels are not kept" in answer.err


def test_a_user_without_a_home_keeps_nothing(cubie, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(kernel_cache.FOLDER_VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(kernel_cache.Path, "home", no_home)
    answer = cubie("run", "run.toml", "--target", "cpu", "--force")
    assert answer.code == 0
    assert "no home folder" in answer.err
    assert "no home folder" in cubie("doctor").out


def test_the_configuration_chooses_the_folder(cubie, cache, folder):
    for _ in range(2):
        assert cubie("run", "run.toml", "--target", "cpu", "--force", "--set", "run.cache=mine").code == 0
    assert len(kernels(folder / "mine")) == 1
    assert cubie("run", "run.toml", "--target", "cpu", "--force", "--set", "run.cache=false").code == 0
    assert not cache.exists()
    answer = cubie("run", "run.toml", "--target", "cpu", "--force", "--set", 'run.cache=" "')
    assert answer.code == 3
    assert "folder" in answer.err


# -- cubie compile --------------------------------------------------------------------------------


def test_compile_fills_the_cache(cubie, cache):
    first = cubie("compile", "run.toml", "--target", "cpu")
    assert first.code == 0, first.err
    assert "compiled in" in first.out
    again = json.loads(cubie("compile", "run.toml", "--target", "cpu", "--json").out)
    assert again[0]["known"]
    assert again[0]["target"] == "cpu"
    assert kernels(cache) == [again[0]["path"].rpartition("/")[2]]
    assert json.loads(cubie("run", "run.toml", "--target", "cpu", "--force", "--json").out)["seconds"]["compile"] == 0


def test_compile_takes_several_architectures(cubie, cache):
    pytest.importorskip("cuda.bindings.nvvm")
    answer = cubie("compile", "run.toml", "--arch", "sm_80", "--arch", "sm_90", "--json")
    if "was not found" in answer.err:
        pytest.skip("the CUDA toolkit is not installed")
    found = json.loads(answer.out)
    assert [entry["architecture"] for entry in found] == ["sm_80", "sm_90"]
    assert len(kernels(cache)) == 2
    report = json.loads(cubie("memory-report", "run.toml", "--arch", "sm_90", "--json").out)
    assert report["kernel"]["arch"] == "sm_90"
    assert len(kernels(cache)) == 2


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--arch", "sm_9x"], 2, "sm_90"),
        (["--arch", "sm_90", "--target", "cpu"], 2, "--target"),
        ([], 2, "python target"),
        (["--target", "cpu", "--set", "run.cache=false"], 5, "cache"),
    ],
)
def test_compile_refuses(cubie, cache, options, code, words):
    del cache
    answer = cubie("compile", "run.toml", *options)
    assert answer.code == code, answer.err
    assert words in answer.err


# -- what others put there ------------------------------------------------------------------------


def spoil_code(entry):
    kernel = entry.read()
    entry.path.write_bytes(kernel_cache._pack(replace(kernel, code=b"")))  # noqa: SLF001


def spoil_header(entry):
    body = (2).to_bytes(8, "little") + b"[]" + entry.read().code
    digest = hashlib.sha256(body).digest()
    entry.path.write_bytes(kernel_cache._MAGIC + digest + body)  # noqa: SLF001


def make_pipe(entry):
    entry.path.unlink()
    os.mkfifo(entry.path)


def make_link(entry):
    moved = entry.path.rename(entry.path.with_suffix(".moved"))
    entry.path.symlink_to(moved)


def open_to_others(entry):
    entry.path.chmod(0o666)


def give_away(entry):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(entry.path, 12345, -1)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("spoil", [spoil_code, spoil_header, make_pipe, make_link, open_to_others, give_away])
def test_an_entry_that_is_not_to_be_trusted_is_compiled_anew(cubie, cache, spoil):
    command = ("run", "run.toml", "--target", "cpu", "--force")
    assert cubie(*command).code == 0
    (path,) = cache.glob("*.kernel")
    entry = kernel_cache.Entry(cache, path.stem)
    spoil(entry)
    assert entry.read() is None
    assert cubie(*command).code == 0
    assert entry.read() is not None
