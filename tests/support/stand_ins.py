"""What stands in for several GPUs, and for the workers of an engine."""

from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager

from cubie_cli.runs import pools, remote, solving


def share_among_processes(monkeypatch, count):
    """Have processes share every batch, on the CPU or on one GPU, as they do on several GPUs."""
    monkeypatch.setattr(solving, "devices_of", lambda _batch: (0,) * count)
    monkeypatch.setattr(solving, "worth_sharing", lambda _ranges, _pace: True)


def have_threads_as_workers(monkeypatch, count=3):
    """Have threads be the workers of Dask; a GPU is one thread's at a time."""
    monkeypatch.setattr(remote, "_KEPT", remote._Kept())  # noqa: SLF001 - what a process knows at first

    @contextmanager
    def threads(_scheduler, *, gpus):  # noqa: ARG001 - threads take none
        with ThreadPoolExecutor(count) as executor:
            yield pools.Pool("threads", executor, lambda: count, {BrokenExecutor: ("all ended", "--resume goes on")})

    monkeypatch.setattr(pools, "_dask", threads)
