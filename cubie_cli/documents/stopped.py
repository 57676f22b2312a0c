"""What is raised where a program is to end early."""

import signal

#: The signal of the clock.
TIME_UP = signal.SIGALRM
#: Those with which schedulers tell that a job's time is nearly up.
FROM_SCHEDULERS = (signal.SIGUSR1, signal.SIGUSR2)


class Stopped(BaseException):
    """The program is to end.

    Parameters
    ----------
    number
        The signal that asked for it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def reason(self) -> str:
        """What asked."""
        return "--max-time" if self.number == TIME_UP else signal.Signals(self.number).name

    @property
    def planned(self) -> bool:
        """Whether it is to go on another time, whatever it has done so far."""
        return self.number in {TIME_UP, *FROM_SCHEDULERS}
