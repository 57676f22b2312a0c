"""Writes the job scripts of a batch for Slurm: an array that solves its shards, and a job that merges them."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.batches.selection import Shard

#: Seconds before a job's end at which Slurm tells it: enough to finish a chunk and to ask for another turn.
_NOTICE = 60
#: How often a shard is begun again: one that never finishes a chunk in its time would go on for ever.
_TURNS = 100

#: Options of sbatch that the scripts have themselves, and that would have others take their place.
OWN_OPTIONS = ("--array", "-a", "--output", "-o", "--requeue", "--no-requeue", "--signal", "--wrap")

_ARRAY = """\
#!/bin/sh
#SBATCH --job-name="{name}"
#SBATCH --array=0-{last}
#SBATCH --output="{logs}/shard-%a.log"
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@{notice}
{options}# A shard that is told to stop keeps what it has finished and ends with 75: it gets another turn, and goes on.
{command} --shard "$SLURM_ARRAY_TASK_ID/{shards}" --output "$(printf {file} "$SLURM_ARRAY_TASK_ID")" --resume &
shard=$!
trap 'kill -USR1 $shard 2>/dev/null' USR1
trap 'kill -TERM $shard 2>/dev/null' TERM
wait $shard
code=$?
# A signal that is trapped ends the first wait only.
while kill -0 $shard 2>/dev/null; do
    wait $shard
    code=$?
done
if [ $code -eq 75 ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {turns} ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" && sleep {notice}
fi
exit $code
"""

_MERGE = """\
#!/bin/sh
#SBATCH --job-name="{name}-merge"
#SBATCH --output="{logs}/merge.log"
#SBATCH --open-mode=append
#SBATCH --kill-on-invalid-dep=yes
exec {command}
"""


@dataclass(frozen=True)
class Submission:
    """A batch that is to be solved by jobs.

    Parameters
    ----------
    name
        What the jobs are called.
    run
        The arguments of `cubie` that solve the batch, but for those of a shard.
    output
        The result.
    shards
        How many there are.
    options
        What else the array asks of Slurm, such as "--partition=gpu".
    force
        Whether a result that exists may be replaced.
    """

    name: str
    run: Sequence[str]
    output: Path
    shards: int
    options: Sequence[str] = ()
    force: bool = False

    @property
    def folder(self) -> Path:
        """Where scripts, logs and the results of shards go."""
        return self.output.with_name(f"{self.output.stem}.jobs")

    @property
    def scripts(self) -> dict[Path, str]:
        """The texts of the scripts, by their files: the array's, then the merge's."""
        return {self.folder / "shards.sh": self._array(), self.folder / "merge.sh": self._merge()}

    def _array(self) -> str:
        named = self._results[0].replace("\\", "\\\\").replace("%", "%%")
        digits = len(str(self.shards))
        place = named.rindex(f"-{0:0{digits}}-of-") + 1
        return _ARRAY.format(
            name=self.name.replace(chr(34), ""),
            last=self.shards - 1,
            shards=self.shards,
            logs=self._logs,
            notice=_NOTICE,
            turns=_TURNS,
            options="".join(f"#SBATCH {option}\n" for option in self.options),
            command=_command(*self.run, "--allow-failures", *self._forced),
            file=shlex.quote(f"{named[:place]}%0{digits}d{named[place + digits :]}"),
        )

    def _merge(self) -> str:
        command = _command("merge", *self._results, "--output", str(self.output), *self._forced)
        return _MERGE.format(name=self.name, logs=self._logs, command=command)

    @property
    def _results(self) -> list[str]:
        """The results of all shards."""
        whole = self.folder / self.output.name
        return [str(Shard(index, self.shards).named(whole)) for index in range(self.shards)]

    @property
    def _logs(self) -> str:
        """The folder, as Slurm reads it in the name of a log."""
        return str(self.folder).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")

    @property
    def _forced(self) -> list[str]:
        return ["--force"] if self.force else []


def _command(*arguments: str) -> str:
    """Return a line of the shell that calls this program, wherever it runs."""
    return shlex.join([sys.executable, "-m", "cubie_cli", *arguments])
