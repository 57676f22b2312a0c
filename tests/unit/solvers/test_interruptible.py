import ctypes
import gc
import os
import signal
import threading
import time

import pytest
from support.stack import stack_bytes

from solvers.interruptible import interruptible


class Asked(BaseException):
    pass


@pytest.fixture
def _handler():
    def ask(*_):
        raise Asked

    before = signal.signal(signal.SIGUSR1, ask)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_work_gives_its_result():
    assert interruptible(lambda: 3) == 3


def test_work_raises_what_it_raises():
    raised = ValueError("no")

    def work():
        raise raised

    with pytest.raises(ValueError, match="no") as caught:
        interruptible(work)
    assert caught.value is raised


def test_the_stack_is_deep_and_that_of_other_threads_as_before():
    before = threading.stack_size()
    assert interruptible(stack_bytes) >= 64 << 20
    assert threading.stack_size() == before


@pytest.mark.usefixtures("_handler")
def test_a_handler_ends_the_wait_while_the_work_is_in_c():
    lock = ctypes.create_string_buffer(256)  # of zeros: a mutex nobody holds
    library = ctypes.CDLL(None)
    entered = threading.Event()

    def work():
        library.pthread_mutex_lock(lock)
        entered.set()
        library.pthread_mutex_lock(lock)  # in which no signal is of any effect

    def ask():
        entered.wait()
        os.kill(os.getpid(), signal.SIGUSR1)

    threading.Thread(target=ask).start()
    with pytest.raises(Asked):
        interruptible(work)
    library.pthread_mutex_unlock(lock)


@pytest.mark.usefixtures("_handler")
def test_what_callers_hold_lasts_as_long_as_the_work():
    class Module:
        def __del__(self):
            released.set()

    released, entered, done = threading.Event(), threading.Event(), threading.Event()

    def work():
        entered.set()
        done.wait()

    def ask():
        entered.wait()
        os.kill(os.getpid(), signal.SIGUSR1)

    def caller():
        module = Module()
        interruptible(work)
        del module

    threading.Thread(target=ask).start()
    with pytest.raises(Asked):
        caller()
    assert not released.is_set()
    done.set()
    deadline = time.monotonic() + 60
    while not released.wait(0.01):
        gc.collect()
        assert time.monotonic() < deadline


def test_another_thread_works_in_place():
    found = []
    thread = threading.Thread(target=lambda: found.append(interruptible(threading.current_thread)))
    thread.start()
    thread.join()
    assert found == [thread]
