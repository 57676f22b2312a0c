"""Jobs for schedulers, with scripts of the shell in place of these; a real Slurm is in tests/slurm."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from cubie_cli.runs import submission

SBATCH = """\
#!/bin/sh
echo "$@" >> {folder}/calls.txt
echo "4711;cluster"
"""
#: Runs an array part after part, again where a part asks for that, and then what waits for it.
QSUB = """\
#!/bin/sh
echo "$@" >> {folder}/calls.txt
for script; do :; done
parts=$(sed -n 's/^{directive} [0-9]-//p' "$script")
[ -n "$parts" ] || exec /bin/sh -c '/bin/sh "$0" && echo 4712' "$script"
for {variable} in $(seq {first} "$parts"); do
    export {variable}
    /bin/sh "$script"
    while [ $? -eq 99 ]; do
        echo again >> {folder}/turns.txt
        /bin/sh "$script"
    done
done
echo '{number}'
"""
GRID_ENGINE = {"directive": "#\\$ -t", "variable": "SGE_TASK_ID", "first": 1, "number": "4711.1-2:1"}
PBS = {"directive": "#PBS -J", "variable": "PBS_ARRAY_INDEX", "first": 0, "number": "4711[].server"}


def program(folder, name, text):
    script = folder / "programs" / name
    script.parent.mkdir(exist_ok=True)
    script.write_text(text)
    script.chmod(0o755)


@pytest.fixture
def slurm(folder, monkeypatch):
    """Have an sbatch that takes down how it is called."""
    program(folder, "sbatch", SBATCH.format(folder=folder))
    monkeypatch.setenv("PATH", f"{folder}/programs:/usr/bin:/bin")
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


def same(name, other):
    with h5py.File(name) as whole, h5py.File(other) as alone:
        return whole["x"][()].tobytes() == alone["x"][()].tobytes()


def test_the_scripts_do_what_they_say(slurm, cubie, monkeypatch):
    name = "a 50%\"b'c\\d.h5"
    done = cubie("submit", "run.toml", "--shards", "2", "--output", name, "--dry-run", "--json")
    assert done.code == 0, done.err
    assert not (slurm / "calls.txt").exists()
    array, merge = json.loads(done.out)["scripts"]
    for index in range(2):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", str(index))
        subprocess.run(["/bin/sh", array], check=True, capture_output=True)
    subprocess.run(["/bin/sh", merge], check=True, capture_output=True)
    assert cubie("run", "run.toml", "--output", "alone.h5").code == 0
    assert same(name, "alone.h5")


@pytest.fixture
def jobs(folder, monkeypatch):
    """Have jobs take down what they would do, and end as the variable CODE says; return what is taken down."""
    program(folder, "cubie", f'#!/bin/sh\necho "$@" >> {folder}/done.txt\n[ $1 = merge ] || exit $CODE\n')
    monkeypatch.setattr(submission, "_CUBIE", (str(folder / "programs" / "cubie"),))
    monkeypatch.setenv("PATH", f"{folder}/programs:/usr/bin:/bin")
    monkeypatch.setenv("CODE", "0")
    return lambda name: (folder / f"{name}.txt").read_text().splitlines()


@pytest.mark.parametrize(
    ("scheduler", "words", "lines", "waits"),
    [
        ("sge", GRID_ENGINE, ["#$ -t 1-2", "#$ -notify", "#$ -l h_rt=01:30:00", "#$ -l gpu=1"], "-hold_jid 4711"),
        ("pbs", PBS, ["#PBS -J 0-1", "#PBS -l walltime=01:30:00", "#PBS -l gpu=1"], "-W depend=afterok:4711[].server"),
    ],
)
def test_other_schedulers_solve_and_merge(folder, cubie, jobs, scheduler, words, lines, waits):
    program(folder, "qsub", QSUB.format(folder=folder, **words))
    options = ["--shards", "2", "--time", "1h30m", "--option=-l gpu=1", "--output", "a $b.h5"]
    done = cubie("submit", "run.toml", "--scheduler", scheduler, *options)
    assert done.code == 0, done.err
    assert re.search(r"jobs +4711.*, then 4712 to merge", done.out)
    assert re.search(r"^What next\nqstat .*4711.*4712$", done.out, re.MULTILINE)
    text = (folder / "a $b.jobs" / "shards.sh").read_text().splitlines()
    assert [line for line in lines if line in text] == lines
    assert f"{waits} {folder}/a $b.jobs/merge.sh" in jobs("calls")[-1]
    shards = [f"{folder}/a $b.jobs/a $b-{index}-of-2.h5" for index in range(2)]
    run = f"run {folder}/run.toml --allow-failures --max-time 5340s"
    assert jobs("done") == [
        *(f"{run} --shard {index}/2 --output {shard} --resume" for index, shard in enumerate(shards)),
        f"merge {' '.join(shards)} --output {folder}/a $b.h5",
    ]


def test_grid_engine_begins_a_shard_again_but_not_for_ever(folder, cubie, jobs, monkeypatch):
    program(folder, "qsub", QSUB.format(folder=folder, **GRID_ENGINE))
    monkeypatch.setattr(submission, "_TURNS", 3)
    monkeypatch.setenv("CODE", "75")
    for _ in range(2):  # who submits again begins to count anew
        (folder / "done.txt").unlink(missing_ok=True)
        done = cubie("submit", "run.toml", "--scheduler", "sge", "--shards", "2")
        assert done.code == 0, done.err
        assert [line.split()[-4] for line in jobs("done")[:-1]] == ["0/2"] * 4 + ["1/2"] * 4


def test_a_shard_alone_is_no_array_for_pbs(folder, cubie, jobs):
    program(folder, "qsub", f"#!/bin/sh\n/bin/sh {folder}/result.jobs/shards.sh; echo 4711.server\n")
    done = cubie("submit", "run.toml", "--scheduler", "pbs", "--shards", "1")
    assert done.code == 0, done.err
    assert "#PBS -J" not in (folder / "result.jobs" / "shards.sh").read_text()
    assert "--shard 0/1 " in jobs("done")[0]


def test_snakemake_gets_rules(folder, cubie):
    options = ["--scheduler", "snakemake", "--shards", "12", "--time", "90s", "--set", "batch.values={rate=[1,2]}"]
    assert cubie("submit", "run.toml", *options).code == 2
    options += ["--set", "batch.values={rate={linspace=[0,1,20]}}"]
    done = cubie("submit", "run.toml", *options)
    assert done.code == 0, done.err
    assert f"snakemake --snakefile {folder}/result.jobs/Snakefile --cores all" in done.out
    text = (folder / "result.jobs" / "Snakefile").read_text()
    assert f"\n    output: '{folder}/result.jobs/result-{{index}}-of-12.h5'\n" in text
    assert f"'{folder}/run.toml', '{folder}/model.toml'\n" in text
    assert "\n    resources: runtime=2\n    shell: " in text
    assert "batch.values={{rate={{linspace=[0,1,20]}}}}" in text
    assert "--shard {wildcards.index}/12 --output {output:q} --resume >> {log:q} 2>&1" in text
    assert text.count("-of-12.h5'") == 13


def test_snakemake_itself_finds_the_rules_right(folder, cubie):
    snakemake = shutil.which("snakemake")
    if snakemake is None:
        pytest.skip("there is no snakemake")
    assert cubie("submit", "run.toml", "--scheduler", "snakemake", "--shards", "2").code == 0
    command = [snakemake, "--snakefile", folder / "result.jobs" / "Snakefile", "--cores", "2"]
    subprocess.run(command, check=True, capture_output=True)
    assert cubie("run", "run.toml", "--output", "alone.h5").code == 0
    assert same("result.h5", "alone.h5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--option=--x"], "--option --x: a Snakefile has no place for it\n  hint: give it to snakemake"),
        (["--output", "a{b}.h5"], "--scheduler snakemake takes braces in names for its own"),
        (["--output", "file:///tmp/none.h5"], "its rules are about files, and file:///tmp/none.h5 is in a store"),
    ],
)
def test_what_snakemake_cannot_do(cubie, options, message):
    refused = cubie("submit", "run.toml", "--scheduler", "snakemake", "--shards", "2", *options)
    assert refused.code == 2
    assert message in refused.err


def test_shards_of_a_result_in_a_store_go_there_too(folder, cubie):
    pytest.importorskip("obstore")
    (folder / "store" / "result.jobs").mkdir(parents=True)
    output = f"file://{folder}/store/result.h5"
    done = cubie("submit", "run.toml", "--shards", "2", "--output", output, "--dry-run", "--json")
    assert done.code == 0, done.err
    array, merge = json.loads(done.out)["scripts"]
    assert array == f"{folder}/result.jobs/shards.sh"
    for script in (array, merge):
        environment = {"SLURM_ARRAY_TASK_ID": "0"}
        text = Path(script).read_text().replace(sys.executable, "echo $CUBIE_SCRATCH_DIR")
        told = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, text=True, check=True)
        assert told.stdout.startswith(f"{folder}/result.jobs -m cubie_cli ")
        assert f"--output file://{folder}/store/result" in told.stdout


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
        (["--jobs", "2", "--sbatch", "gpu"], 2, "this is no option of sbatch"),
        (["--shards", "2", "--sbatch", "--x\nrm"], 2, "this is no option of sbatch"),
        (["--shards", "2", "--option=--array=1-9"], 2, "this is what cubie tells sbatch itself"),
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
