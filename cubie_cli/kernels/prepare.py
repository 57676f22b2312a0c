"""From a job to its kernel: the one that is kept, or a plan that is compiled when it is needed, and then kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from buffers import Locations, UnknownBufferError
from cubie_cli.configurations.job import Job
from cubie_cli.documents.messages import DeviceError, OutputError, UsageError, UserError
from cubie_cli.kernels import cache as kernel_cache
from cubie_cli.kernels.key import kernel_key
from solvers import errors
from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.planning.exchange import Exchange

if TYPE_CHECKING:
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing


@dataclass(frozen=True)
class Prepared:
    """What a job runs with.

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
    entry: kernel_cache.Entry | None = None
    notes: tuple[str, ...] = ()
    arch: str | None = None

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to compile."""
        return isinstance(self.work, Kernel) or self.work.target == "python"

    def kernel(self, listing: "Listing | None" = None) -> Kernel:
        """Return the kernel, compiled and kept where it was not before.

        Parameters
        ----------
        listing
            Takes what a kernel that is compiled is made of.

        Raises
        ------
        PlanError, TargetUnavailableError
            As `solvers.execution.engine.compile_kernel`.
        """
        if isinstance(self.work, Kernel):
            return self.work
        kernel = engine.compile_kernel(self.work, self.arch, listing)
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
    except errors.TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error


def exchange(job: Job) -> Exchange:
    """Return the arrays that pass between the host and a job's kernel."""
    settings = job.configuration
    return Exchange(job.model.quantities, settings.solve, settings.save, job.axes.names)


def prepare(job: Job, target: str, arch: str | None = None, *, fallback: bool = False) -> Prepared:
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
    entry, notes = _entry(job, target, arch)
    kernel = entry.read() if entry else None
    if kernel is None and fallback and engine.why_cannot_compile(target):
        return prepare(job, "cpu")
    return Prepared(kernel or _plan(job, target), entry, notes, arch)


def _entry(job: Job, target: str, arch: str | None) -> tuple[kernel_cache.Entry | None, tuple[str, ...]]:
    """Return where a job's kernel is kept, and a remark where it should be and cannot."""
    chosen = job.configuration.cache
    if target == "python" or chosen is False:
        return None, ()
    try:
        folder = kernel_cache.open_cache(chosen if isinstance(chosen, Path) else None)
    except kernel_cache.CacheUnusableError as error:
        return None, (str(error),)
    with as_user_errors(job):
        return kernel_cache.Entry(folder, kernel_key(job, target, engine.architecture(target, arch))), ()


def _plan(job: Job, target: str) -> "Plan":
    from cubie_cli.models.system import read_system  # noqa: PLC0415 - imports SymPy, which a kernel that is kept spares
    from solvers.planning.problem import Problem  # noqa: PLC0415 - likewise

    settings = job.configuration
    problem = Problem(
        system=read_system(job.model),
        solve=settings.solve,
        save=settings.save,
        swept=job.axes.names,
        locations=Locations.parse({"default": settings.buffers.default, **settings.buffers.named}),
        kernel=settings.kernel,
        disorder=job.axes.disorder,
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


def keep(job: Job, target: str | None = None, arch: str | None = None, listing: "Listing | None" = None) -> Kept:
    """Compile a job's kernel, and keep it for later runs.

    Parameters
    ----------
    target
        The command line's choice, which beats the file's.
    arch
        A GPU architecture; the GPU need not be there.
    listing
        Takes what the kernel is made of, for which one that was kept is compiled anew.

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
    prepared = prepare(job, chosen, arch, fallback=arch is None and requested == "auto")
    entry = prepared.entry
    if entry is None:
        reason = prepared.notes[0] if prepared.notes else "kernels are not kept: [run] cache = false"
        raise OutputError(reason, hint="name a folder of your own: [run] cache")
    known = isinstance(prepared.work, Kernel)
    if known and listing is not None:
        prepared = replace(prepared, work=_plan(job, prepared.work.target))
    with as_user_errors(job):
        kernel = prepared.kernel(listing)
        architecture = engine.architecture(kernel.target, arch)
    path = entry.path
    if not path.exists():
        raise OutputError(f"cannot write {path}", hint="is there room on the disk?")
    return Kept(kernel.target, architecture, path, path.stat().st_size, known, kernel.seconds)


# -- mistakes -----------------------------------------------------------------------------------


@contextmanager
def as_user_errors(job: Job) -> Iterator[None]:
    """Give the solvers' errors their place in the user's files."""
    try:
        yield
    except errors.TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error
    except errors.DeviceError as error:
        raise DeviceError(f"the device failed: {error}", hint="try a smaller [run] chunk") from error
    except UnknownBufferError as error:
        raise _locate(job, ("buffers", error.key), error.problem, error.remedy) from error
    except errors.PlanError as error:
        if error.key and error.key.startswith("--"):
            raise UsageError(f"{error.key}: {error}", hint=error.hint) from error
        key = tuple(error.key.split(".")) if error.key else ()
        located = _locate(job, key, str(error), error.hint)
        located.exit_code = error.exit_code
        raise located from error


def _locate(job: Job, key: tuple[str, ...], message: str, hint: str | None) -> UserError:
    """Return an error at a key; a dotted last part may be written as tables too."""
    if key and job.document.get(key) is None:
        key = (*key[:-1], *key[-1].split("."))
    return job.document.error(message, key, "key", hint=hint)
