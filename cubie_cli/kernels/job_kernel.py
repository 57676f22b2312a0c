"""Finds the kernel of a job: one that was kept, or a plan that is compiled when it is needed, and then kept."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from buffers import Locations
from cubie_cli.configurations.job import Job
from cubie_cli.documents.messages import DeviceError, ExitCode, OutputError, UsageError, size
from cubie_cli.kernels.cache import CacheUnusableError, Entry, open_cache
from cubie_cli.kernels.cache_key import kernel_key
from cubie_cli.kernels.user_errors import as_user_errors
from solvers.errors import TargetUnavailableError
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.planning.given import check

if TYPE_CHECKING:
    from cubie_cli.kernels.compilation import Audience
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing


@dataclass(frozen=True)
class JobKernel:
    """The kernel of a job, or what it is compiled from.

    Parameters
    ----------
    work
        A kernel that was kept, or the plan of one.
    entry
        Where the kernel is kept, if it is.
    notes
        What went other than asked, and does no harm.
    arch
        A GPU architecture, where it is not that of the GPU here.
    """

    work: "Plan | Kernel"
    entry: Entry | None = None
    notes: tuple[str, ...] = ()
    arch: str | None = None

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to compile."""
        return isinstance(self.work, Kernel) or self.work.target == "python"

    def compiled(self, listing: "Listing | None" = None, audience: "Audience | None" = None) -> Kernel:
        """Return the kernel, compiled and kept where it was not before.

        Parameters
        ----------
        listing
            Takes what a kernel that is compiled is made of.
        audience
            Is told what is compiled.

        Raises
        ------
        PlanError, TargetUnavailableError
            As `solvers.execution.engine.compile_kernel`.
        """
        if isinstance(self.work, Kernel):
            return self.work
        from cubie_cli.kernels.compilation import compile_plan  # noqa: PLC0415 - a kernel that is kept spares it

        kernel = compile_plan(self.work, self.arch, listing, audience)
        if self.entry:
            self.entry.write(kernel)
        return kernel


def choose_target(requested: str) -> str:
    """Return the target for a request, as `solvers.execution.engine.choose_target` does.

    Raises
    ------
    UserError
        Where it is not there.
    """
    try:
        return engine.choose_target(requested)
    except TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error


def find_kernel(job: Job, target: str, arch: str | None = None, *, fallback: bool = False) -> JobKernel:
    """Return a job's kernel, where that is kept, else its plan.

    Parameters
    ----------
    target
        "cuda", "cpu" or "python".
    arch
        A GPU architecture, where it is not that of the GPU here.
    fallback
        Take the processors where nothing can be compiled for the target.

    Raises
    ------
    UserError
        For a problem that cannot be solved as asked.
    """
    _check_size(job)
    with as_user_errors(job):
        check(job.configuration.solve, job.configuration.save)
    entry, notes = _entry(job, target, arch)
    kernel = entry.read() if entry else None
    if kernel is None and fallback and engine.why_cannot_compile(target):
        return find_kernel(job, "cpu")
    return JobKernel(kernel or make_plan(job, target), entry, notes, arch)


def _check_size(job: Job) -> None:
    """Refuse save times whose results no memory holds, for one run: they would be made before anything else fails."""
    exchange = job.exchange
    needed, there = exchange.time_count * 8 + exchange.bytes_per_run, _memory()
    if needed > there:
        message = (
            f"{exchange.time_count:,} save times of {len(exchange.variables):,} variables take {size(needed)} a run; "
            f"this machine has {size(there)} of memory"
        )
        key = "save_every" if job.configuration.save.every is not None else "save_at"
        found = job.document.error(message, ("output", key), hint="save less often, or fewer variables")
        found.exit_code = ExitCode.OUTPUT
        raise found


def _memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def cache_of(job: Job) -> Path | None:
    """Return the folder that a job's kernels are kept in, or None where none are.

    Raises
    ------
    CacheUnusableError
        As for `open_cache`.
    """
    chosen = job.configuration.cache
    return None if chosen is False else open_cache(chosen if isinstance(chosen, Path) else None)


def _entry(job: Job, target: str, arch: str | None) -> tuple[Entry | None, tuple[str, ...]]:
    """Return where a job's kernel is kept, and a remark where it should be and cannot."""
    if target == "python":
        return None, ()
    try:
        folder = cache_of(job)
    except CacheUnusableError as error:
        return None, (str(error),)
    if folder is None:
        return None, ()
    with as_user_errors(job):
        return Entry(folder, kernel_key(job, target, engine.architecture(target, arch))), ()


def make_plan(job: Job, target: str) -> "Plan":
    """Return the plan of a job's kernel.

    Raises
    ------
    UserError
        For a problem that cannot be solved as asked.
    """
    from cubie_cli.configurations.window_ends import read_window_ends  # noqa: PLC0415 - likewise
    from cubie_cli.models.system import read_system  # noqa: PLC0415 - imports SymPy, which a kernel that is kept spares
    from solvers.planning.problem import Problem  # noqa: PLC0415 - likewise

    settings = job.configuration
    problem = Problem(
        system=read_system(job.model),
        solve=settings.solve,
        save=settings.save,
        swept=job.design.names,
        locations=Locations.parse({"default": settings.buffers.default, **settings.buffers.named}),
        kernel=settings.kernel,
        disorder=job.design.disorder,
        moments=read_window_ends(settings, job.document, job.model),
    )
    with as_user_errors(job):
        return engine.plan(problem, target)


# -- keeping kernels for later ------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A kernel in the cache.

    Parameters
    ----------
    target, architecture
        What it runs on.
    path, bytes
        Its file.
    known
        Whether it was there before.
    seconds
        Time that compiling took.
    """

    target: str
    architecture: str
    path: Path
    bytes: int
    known: bool
    seconds: float

    def as_json(self) -> dict[str, object]:
        """Return it as plain values."""
        return {**asdict(self), "path": str(self.path)}


def keep(
    job: Job,
    target: str | None = None,
    arch: str | None = None,
    listing: "Listing | None" = None,
    audience: "Audience | None" = None,
) -> Kept:
    """Compile a job's kernel, and keep it for later runs.

    Parameters
    ----------
    target
        The command line's choice, which beats the file's.
    arch
        A GPU architecture; the GPU need not be there.
    listing
        Takes what the kernel is made of, for which one that was kept is compiled anew.
    audience
        Is told what is compiled.

    Raises
    ------
    UserError
        For a target that cannot be compiled for, and where nothing can be kept.
    """
    if arch is not None and target not in {None, "cuda"}:
        raise UsageError(f"--arch names a GPU, and --target is {target}", hint="leave one of them away")
    requested = str(target or job.configuration.target)
    chosen = "cuda" if arch else choose_target(requested)
    if chosen == "python":
        raise UsageError("the python target compiles nothing", hint="choose another: --target cpu, or --arch sm_90")
    prepared = find_kernel(job, chosen, arch, fallback=arch is None and requested == "auto")
    entry = prepared.entry
    if entry is None:
        reason = prepared.notes[0] if prepared.notes else "kernels are not kept: [run] cache = false"
        raise OutputError(reason, hint="name a folder of your own: [run] cache")
    known = isinstance(prepared.work, Kernel)
    if known and listing is not None:
        prepared = replace(prepared, work=make_plan(job, prepared.work.target))
    with as_user_errors(job):
        kernel = prepared.compiled(listing, audience)
        architecture = engine.architecture(kernel.target, arch)
    path = entry.path
    if not path.exists():
        raise OutputError(f"cannot write {path}", hint="is there room on the disk?")
    return Kept(kernel.target, architecture, path, path.stat().st_size, known, kernel.seconds)
