"""Jobs for Slurm, with a shell's script in place of sbatch; a real one is in tests/slurm."""

import json
import shutil
import subprocess

import h5py
import pytest

SBATCH = """\
#!/bin/sh
echo "$@" >> {folder}/calls.txt
echo "4711;cluster"
"""


@pytest.fixture
def slurm(folder, monkeypatch):
    """Have an sbatch that takes down how it is called."""
    programs = folder / "programs"
    programs.mkdir()
    script = programs / "sbatch"
    script.write_text(SBATCH.format(folder=folder))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return folder


def test_an_array_and_what_merges_it_are_submitted(slurm, cubie):
    done = cubie("submit", "run.toml", "--shards", "2", "--sbatch=--partition=gpu", "--sbatch=--gpus=1", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["jobs"] == ["4711", "4711"]
    array, merge = told["scripts"]
    calls = (slurm / "calls.txt").read_text().splitlines()
    assert calls == [f"--parsable {array}", f"--parsable --dependency=afterok:4711 {merge}"]
    text = (slurm / "result.jobs" / "shards.sh").read_text()
    assert "\n#SBATCH --array=0-1\n" in text
    assert "\n#SBATCH --partition=gpu\n#SBATCH --gpus=1\n" in text


@pytest.mark.parametrize("name", ["result.h5", "a 50%\"b'c\\d.h5"])
def test_the_scripts_do_what_they_say(slurm, cubie, monkeypatch, name):
    done = cubie("submit", "run.toml", "--shards", "3", "--output", name, "--dry-run", "--json")
    assert done.code == 0, done.err
    assert not (slurm / "calls.txt").exists()
    array, merge = json.loads(done.out)["scripts"]
    for index in range(3):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(index))
        subprocess.run(["/bin/sh", array], check=True, capture_output=True)
    subprocess.run(["/bin/sh", merge], check=True, capture_output=True)
    assert cubie("run", "run.toml", "--output", "alone.h5").code == 0
    with h5py.File(name) as whole, h5py.File("alone.h5") as alone:
        assert whole["x"][()].tobytes() == alone["x"][()].tobytes()


def test_a_shard_that_was_stopped_gets_another_turn(slurm, cubie, monkeypatch):
    cubie("submit", "run.toml", "--shards", "2", "--dry-run")
    script = slurm / "result.jobs" / "shards.sh"
    lines = script.read_text().splitlines()
    (command,) = [index for index, line in enumerate(lines) if line.endswith("--resume &")]
    lines[command] = "(exit $CODE) &"
    script.write_text("\n".join(lines).replace("sleep 60", "true"))
    scontrol = slurm / "programs" / "scontrol"
    scontrol.write_text(f'#!/bin/sh\necho "$@" >> {slurm}/turns.txt\n')
    scontrol.chmod(0o755)
    for name, value in (("JOB_ID", "12"), ("TASK_ID", "1")):
        monkeypatch.setenv(f"SLURM_ARRAY_{name}", value)
    for code, restarts in (("0", "0"), ("75", "3"), ("3", "0"), ("75", "100")):
        monkeypatch.setenv("CODE", code)
        monkeypatch.setenv("SLURM_RESTART_COUNT", restarts)
        assert subprocess.run(["/bin/sh", str(script)], check=False).returncode == int(code)
    assert (slurm / "turns.txt").read_text() == "requeue 12_1\n"


def test_sbatch_that_refuses_is_heard(slurm, cubie):
    (slurm / "programs" / "sbatch").write_text("#!/bin/sh\necho 'invalid partition' >&2\nexit 1\n")
    refused = cubie("submit", "run.toml", "--shards", "2")
    assert refused.code == 6
    assert "sbatch refused: invalid partition" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--shards", "7"], 2, "too few for 7 shards"),
        (["--shards", "2", "--sbatch", "gpu"], 2, "this is no option of sbatch"),
        (["--shards", "2", "--sbatch", "--x\nrm"], 2, "this is no option of sbatch"),
        (["--shards", "2", "--set", "solve.t1=-1"], 3, "t1"),
        (["--shards", "2", "--output", "none/r.h5"], 5, "does not exist"),
        (["--shards", "2"], 6, "there is no sbatch here"),
    ],
)
def test_mistakes_are_told_before_anything_waits_in_a_queue(folder, cubie, monkeypatch, arguments, code, text):
    if code == 6:
        monkeypatch.setenv("PATH", str(folder))
    else:
        monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/sbatch")
    refused = cubie("submit", "run.toml", *arguments)
    assert refused.code == code
    assert text in refused.err
    assert sorted(path.name for path in folder.iterdir()) == ["model.toml", "run.toml"]
