"""What batch systems call the same things: an array of jobs, its parts, another turn, a job that waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class SchedulerName(StrEnum):
    """What takes the jobs of a batch."""

    SLURM = "slurm"
    SGE = "sge"
    PBS = "pbs"
    SNAKEMAKE = "snakemake"


@dataclass(frozen=True)
class Scheduler:
    """A batch system. Its directives have `name`, `last`, `shards` and `logs` of a submission in braces.

    Parameters
    ----------
    title
        What it is called.
    submit
        The command that takes a script and prints the job's number.
    prefix
        What a line of a script begins with that is about the job.
    array, merge
        The directives of the jobs of the shards, and those of the one that merges.
    own
        Options that its scripts have themselves, and that would have others take their place.
    index
        What the shell puts in for the part, counted from 0.
    time
        The directive that limits a job's time, from hours, minutes and seconds.
    again
        What the shell does to give a shard another turn, but no more than `most`; `turns` is the name of a file for it.
    after
        The options of a job that waits for the array, from the number of that.
    number
        Finds a job's number in what was printed.
    look
        The command that shows both jobs, from their numbers.
    logs
        Whether the directives name logs; if not, the scripts write them.
    """

    title: str
    submit: tuple[str, ...]
    prefix: str
    array: tuple[str, ...]
    merge: tuple[str, ...]
    own: tuple[str, ...]
    index: str
    time: str
    again: str
    after: Callable[[str], tuple[str, ...]]
    number: Callable[[str], str]
    look: str
    logs: bool = False


_SLURM = Scheduler(
    title="Slurm",
    submit=("sbatch", "--parsable"),
    prefix="#SBATCH",
    array=(
        '--job-name="{name}"',
        "--array=0-{last}",
        '--output="{logs}/shard-%a.log"',
        "--open-mode=append",
        "--requeue",
        "--signal=B:USR1@60",
    ),
    merge=(
        '--job-name="{name}-merge"',
        '--output="{logs}/merge.log"',
        "--open-mode=append",
        "--kill-on-invalid-dep=yes",
    ),
    own=("--array", "-a", "--output", "-o", "--requeue", "--no-requeue", "--signal", "--wrap"),
    index="$SLURM_ARRAY_TASK_ID",
    time="--time={:02}:{:02}:{:02}",
    again="""\
[ "${{SLURM_RESTART_COUNT:-0}}" -lt {most} ] &&
        scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" && sleep 60""",
    after=lambda number: (f"--dependency=afterok:{number}",),
    number=lambda printed: printed.partition(";")[0],
    look="squeue -j {},{}",
    logs=True,
)
#: With -notify, Grid Engine sends USR2 a minute before a job is ended; one that ends with 99 is begun again.
_SGE = Scheduler(
    title="Grid Engine",
    submit=("qsub", "-terse"),
    prefix="#$",
    array=("-N {name}", "-t 1-{shards}", "-S /bin/sh", "-j y", "-o /dev/null", "-r y", "-notify"),
    merge=("-N {name}-merge", "-S /bin/sh", "-j y", "-o /dev/null"),
    own=("-t", "-o", "-r", "-notify", "-S"),
    index="$((SGE_TASK_ID - 1))",
    time="-l h_rt={:02}:{:02}:{:02}",
    again="""\
printf . >> {turns}
    [ "$(wc -c < {turns})" -le {most} ] && exit 99""",
    after=lambda number: ("-hold_jid", number),
    number=lambda printed: printed.partition(".")[0],
    look="qstat -j {},{}",
)
#: PBS lets no job begin itself again, and its arrays have two parts or more.
_PBS = Scheduler(
    title="PBS",
    submit=("qsub",),
    prefix="#PBS",
    array=("-N {name}", "-J 0-{last}", "-j oe", "-o /dev/null", "-r y"),
    merge=("-N {name}-merge", "-j oe", "-o /dev/null"),
    own=("-J", "-o", "-r"),
    index="${PBS_ARRAY_INDEX:-0}",
    time="-l walltime={:02}:{:02}:{:02}",
    again='echo "its time was up: the same cubie submit goes on with it"',
    after=lambda number: ("-W", f"depend=afterok:{number}"),
    number=str,
    look="qstat -t {} {}",
)
SCHEDULERS = {SchedulerName.SLURM: _SLURM, SchedulerName.SGE: _SGE, SchedulerName.PBS: _PBS}
