"""A batch in a real Slurm of one node, made for the test; it needs slurmctld, slurmd and munged, and root.

apt-get install slurm-wlm munge
python -m pytest -m slurm tests/slurm
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

pytestmark = pytest.mark.slurm
ROOT = Path(__file__).parents[2]
#: Seconds that a job may wait for its turn: one that is begun again does so after two minutes.
PATIENCE = 600

CONFIGURATION = """\
ClusterName=cubie
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

MODEL = """\
[states]
x = 1.0
[parameters]
rate = 1.0
[equations]
x = "-rate*x*(1 + 0.5*sin(50*t))"
"""

RUN = """\
[model]
file = "model.toml"
[solve]
t1 = 20.0
algorithm = "rk4"
dt = 0.02
[batch.values]
rate = { linspace = [0.5, 1.0, 60] }
[output]
file = "result.h5"
[run]
target = "python"
chunk = 1
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Start a cluster of this machine, and yield the environment of its users."""
    missing = [name for name in ("slurmctld", "slurmd", "munged") if not shutil.which(name)]
    if missing or os.geteuid():
        pytest.skip(f"needs root and {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    for parent in folder.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):  # noqa: S108 - where pytest makes its folders
            parent.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = socket.gethostname().split(".")[0]
    configuration = folder / "slurm.conf"
    configuration.write_text(CONFIGURATION.format(host=host, folder=folder, ports=free_ports(2)))
    environment = {**os.environ, "SLURM_CONF": str(configuration), "PYTHONPATH": str(ROOT)}
    munge = [
        f"--{name}={folder}/munge.{name.split('-')[0]}" for name in ("socket", "pid-file", "log-file", "seed-file")
    ]
    commands = [
        ["munged", "--foreground", "--force", f"--key-file={key}", *munge],
        ["slurmctld", "-D", "-i", "-f", str(configuration)],
        ["slurmd", "-D", "-f", str(configuration), "-N", host],
    ]
    daemons = []
    with (folder / "daemons.log").open("w") as log:
        for command in commands:
            daemons.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            time.sleep(2)
        yield environment
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()


def cubie(environment, folder, *arguments):
    command = [sys.executable, "-m", "cubie_cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def queue(environment):
    command = ["squeue", "--noheader", "--format=%i %T"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def wait_until(condition, told):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.5)


@pytest.fixture
def batch(tmp_path):
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def test_an_array_runs_is_begun_again_and_merged(slurm, batch):
    submitted = json.loads(cubie(slurm, batch, "submit", "run.toml", "--shards", "2", "--json"))
    array, _ = submitted["jobs"]
    folder = Path(submitted["folder"])
    logs = [folder / f"shard-{index}.log" for index in range(2)]

    def told():
        return "\n".join([queue(slurm), *(path.read_text() for path in folder.glob("*.log"))])

    journal = folder / ".result-1-of-2.h5.journal"
    wait_until(lambda: journal.exists() and journal.read_text().count('{"runs"') > 3, told)
    # What a time limit sends before the end.
    subprocess.run(["scancel", "--batch", "--signal=USR1", f"{array}_1"], env=slurm, check=True)  # noqa: S607
    wait_until(lambda: "are kept: --resume goes on with them" in logs[1].read_text(), told)
    kept = int(logs[1].read_text().split("stopped by SIGUSR1; ")[1].split()[0])
    assert 3 <= kept < 30
    wait_until(lambda: not queue(slurm).strip(), told)
    result = batch / "result.h5"
    assert result.exists(), told()
    assert logs[1].read_text().count("30 of 30 runs") == 1
    cubie(slurm, batch, "run", "run.toml", "--output", "alone.h5", "--set", "run.chunk=60")
    with h5py.File(result) as merged, h5py.File(batch / "alone.h5") as alone:
        for name in ("x", "rate", "status", "steps", "run"):
            assert merged[name][()].tobytes() == alone[name][()].tobytes()
