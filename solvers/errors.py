"""What the solvers refuse."""


class PlanError(ValueError):
    """A problem that cannot be solved as asked.

    Parameters
    ----------
    message
        What is wrong.
    hint
        What to do.
    key
        The setting it is about, dotted as in the configuration, where there is one.
    exit_code
        3 for a mistake in the configuration, 6 for a device.
    """

    def __init__(self, message: str, hint: str | None = None, key: str | None = None, exit_code: int = 3) -> None:
        super().__init__(message)
        self.hint = hint
        self.key = key
        self.exit_code = exit_code


class TargetUnavailableError(RuntimeError):
    """A target that this machine cannot run.

    Parameters
    ----------
    message
        What is missing.
    hint
        What to do.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class DeviceError(Exception):
    """The driver refused something, or the device has no room for it.

    `code` is the driver's name for it, such as "CUDA_ERROR_OUT_OF_MEMORY"; empty where it was not asked.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code
