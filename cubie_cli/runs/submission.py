"""Writes the scripts of a batch for a scheduler: jobs that solve its shards, and one that merges them."""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.batches.selection import Shard
from cubie_cli.documents.urls import Url
from cubie_cli.results.stores import SCRATCH_VARIABLE
from cubie_cli.runs.schedulers import Scheduler

#: Seconds before a job's end at which a shard stops: enough to finish a chunk and to ask for another turn.
_NOTICE = 60
#: How often a shard is begun again: one that never finishes a chunk in its time would go on for ever.
_TURNS = 100

_ARRAY = """\
#!/bin/sh
{directives}
# A shard that is told to stop keeps what it has finished and ends with 75: it gets another turn, and goes on.
index={index}
{log}{scratch}{command} --shard "$index/{shards}" --output "$(printf {file} "$index")" --resume &
shard=$!
trap 'kill -USR1 $shard 2>/dev/null' USR1 USR2
trap 'kill -TERM $shard 2>/dev/null' TERM
wait $shard
code=$?
# A signal that is trapped ends the first wait only.
while kill -0 $shard 2>/dev/null; do
    wait $shard
    code=$?
done
if [ $code -eq 75 ]; then
    {again}
fi
exit $code
"""

_MERGE = """\
#!/bin/sh
{directives}
{log}{scratch}exec {command}
"""

_SNAKEFILE = """\
# snakemake --snakefile {told} --cores all
localrules: whole, compiled

rule whole:
    input: {output}

# Kernels are compiled once, if the machines share a home folder; if that fails, each shard does it for itself.
rule compiled:
    output: touch({compiled})
    shell: {compile}

# What a shard has finished is kept where it stops, and it goes on from there when it is tried again.
rule shard:
    input: {compiled}, {inputs}
    output: {shard}
    wildcard_constraints: index="[0-9]+"
    log: {log}
    retries: {retries}
    {resources}shell: {run}

rule merged:
    input: {results}
    output: {output}
    shell: {merge}
"""


@dataclass(frozen=True)
class Submission:
    """A batch that is to be solved by jobs.

    Parameters
    ----------
    config
        The run configuration.
    settings
        What goes with it to every command: values of --set, and the target.
    inputs
        All files that are read.
    output
        The result.
    shards
        How many there are.
    options
        What else the jobs of the shards ask of the scheduler, such as "--partition=gpu".
    seconds
        How long a job may take; None: as long as the scheduler lets it.
    force
        Whether a result that exists may be replaced.
    """

    config: Path
    settings: Sequence[str]
    inputs: Sequence[Path]
    output: Path
    shards: int
    options: Sequence[str] = ()
    seconds: float | None = None
    force: bool = False

    @property
    def name(self) -> str:
        """What the jobs are called."""
        name = re.sub(r"[^A-Za-z0-9_]+", "-", self.output.stem).strip("-")
        return name if name[:1].isalpha() else f"cubie-{name}"

    @property
    def folder(self) -> Path:
        """Where scripts and logs go, and the results of shards, but for those in a store."""
        beside = self.output.with_name(f"{self.output.stem}.jobs")
        return Path(beside.name).absolute() if isinstance(beside, Url) else beside

    def scripts(self, scheduler: Scheduler | None) -> dict[Path, str]:
        """Return the texts of scripts by their files: the array's, then the merge's; or the Snakefile's, for None."""
        if scheduler is None:
            return {self.folder / "Snakefile": self._snakefile()}
        return {
            self.folder / "shards.sh": self._array(scheduler),
            self.folder / "merge.sh": self._merge(scheduler),
        }

    def _array(self, scheduler: Scheduler) -> str:
        limit = [scheduler.time.format(*_clock(self.seconds))] if self.seconds else []
        directives = [each for each in scheduler.array if self.shards > 1 or not each.startswith("-J")]
        file = shlex.quote(self._pattern(f"%0{self._digits}d", {"\\": "\\\\", "%": "%%"}))
        folder = shlex.quote(str(self.folder))
        return _ARRAY.format(
            directives=self._directives(scheduler, [*directives, *limit, *self.options]),
            index=scheduler.index,
            log=_logged(scheduler, f'{folder}/shard-"$index".log'),
            scratch=self._scratch,
            command=_command(*self._run),
            shards=self.shards,
            file=file,
            again=scheduler.again.format(most=_TURNS, turns=f'{folder}/.turns-"$index"'),
        )

    def _merge(self, scheduler: Scheduler) -> str:
        return _MERGE.format(
            directives=self._directives(scheduler, scheduler.merge),
            log=_logged(scheduler, f"{shlex.quote(str(self.folder))}/merge.log"),
            scratch=self._scratch,
            command=_command("merge", *self._results, "--output", str(self.output), *self._forced),
        )

    def _snakefile(self) -> str:
        compiling = shlex.join([*_CUBIE, "compile", str(self.config), *self.settings, "--quiet"])
        merging = _command("merge", *self._results, "--output", str(self.output), *self._forced)
        running = f"{_plain(_command(*self._run))} --shard {{wildcards.index}}/{self.shards}"
        return _SNAKEFILE.format(
            told=shlex.quote(str(self.folder / "Snakefile")),
            output=repr(str(self.output)),
            compiled=repr(f"{self.folder}/compiled"),
            compile=repr(f"{_plain(compiling)} || true"),
            inputs=", ".join(repr(str(path)) for path in self.inputs),
            shard=repr(self._pattern("{index}", {})),
            log=repr(f"{self.folder}/shard-{{index}}.log"),
            retries=_TURNS,
            resources=f"resources: runtime={-(-int(self.seconds) // 60)}\n    " if self.seconds else "",
            run=repr(f"{running} --output {{output:q}} --resume >> {{log:q}} 2>&1"),
            results=repr(self._results),
            merge=repr(_plain(merging)),
        )

    def _directives(self, scheduler: Scheduler, lines: Sequence[str]) -> str:
        own = {*scheduler.array, *scheduler.merge}
        logs = _escaped(str(self.folder), {"\\": "\\\\", '"': '\\"', "%": "%%"})
        facts = {"name": self.name, "last": self.shards - 1, "shards": self.shards, "logs": logs}
        return "\n".join(f"{scheduler.prefix} {line.format(**facts) if line in own else line}" for line in lines)

    @property
    def _run(self) -> list[str]:
        """The arguments that solve a shard, but for which it is."""
        limit = [] if self.seconds is None else ["--max-time", f"{max(self.seconds - _NOTICE, self.seconds / 2):g}s"]
        return ["run", str(self.config), *self.settings, "--allow-failures", *limit, *self._forced]

    @property
    def _digits(self) -> int:
        return len(str(self.shards))

    def _pattern(self, index: str, quoted: Mapping[str, str]) -> str:
        """Return the name of every shard's result, with something in place of its number."""
        found = self._results[0]
        place = found.rindex(f"-{0:0{self._digits}}-of-") + 1
        return _escaped(found[:place], quoted) + index + _escaped(found[place + self._digits :], quoted)

    @property
    def _results(self) -> list[str]:
        """The results of all shards."""
        whole = self.output.with_name(f"{self.output.stem}.jobs") / self.output.name
        return [str(Shard(index, self.shards).named(whole)) for index in range(self.shards)]

    @property
    def _scratch(self) -> str:
        """The line that has all turns of a shard find what is on its way to a store."""
        if not isinstance(self.output, Url):
            return ""
        folder = shlex.quote(str(self.folder))
        return f'[ -n "${SCRATCH_VARIABLE}" ] || export {SCRATCH_VARIABLE}={folder}\n'

    @property
    def _forced(self) -> list[str]:
        return ["--force"] if self.force else []


#: What calls this program, wherever it runs.
_CUBIE = (sys.executable, "-m", "cubie_cli")


def _command(*arguments: str) -> str:
    """Return a line of the shell that calls this program."""
    return shlex.join([*_CUBIE, *arguments])


def _escaped(text: str, quoted: Mapping[str, str]) -> str:
    return text.translate({ord(character): instead for character, instead in quoted.items()})


def _plain(text: str) -> str:
    """Return a command in which Snakemake finds nothing to put in."""
    return _escaped(text, {"{": "{{", "}": "}}"})


def _logged(scheduler: Scheduler, file: str) -> str:
    """Return the line that sends what is printed to a log, where the scheduler does not."""
    return "" if scheduler.logs else f"exec >> {file} 2>&1\n"


def _clock(seconds: float) -> tuple[int, int, int]:
    whole = int(-(-seconds // 1))
    return whole // 3600, whole // 60 % 60, whole % 60
