"""Turns what the solvers refuse into messages, with the place in the user's files."""

from collections.abc import Iterator
from contextlib import contextmanager

from buffers import UnknownBufferError
from cubie_cli.configurations.job import Job
from cubie_cli.documents.messages import DeviceError, UsageError, UserError
from solvers import errors


@contextmanager
def as_user_errors(job: Job) -> Iterator[None]:
    """Give the solvers' errors their place in the user's files."""
    try:
        yield
    except errors.TargetUnavailableError as error:
        raise DeviceError(str(error), hint=error.hint) from error
    except errors.DeviceError as error:
        failed = DeviceError(f"the device failed: {error}", hint="try a smaller [run] chunk")
        for note in getattr(error, "__notes__", ()):
            failed.add_note(note)
        raise failed from error
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
