"""The driver layer: without a GPU by taking the driver away, with one by launching kernels."""

import ctypes
import time
from types import SimpleNamespace

import numpy as np
import pytest
from numba import cuda, types

from solvers.execution.cuda import driver as cuda_driver
from solvers.execution.cuda.driver import (
    DeviceError,
    DeviceMemory,
    Event,
    Module,
    PinnedArray,
    Stream,
    open_device,
)
from solvers.execution.cuda.toolchain import compile_kernel

F64 = types.CPointer(types.float64)
N = 100_003  # no multiple of a block


def add(x, y, n, a):
    i = cuda.grid(1)
    if i < n:
        y[i] = a * x[i] + y[i]


def reverse(x, y):
    block = cuda.shared.array(0, types.float64)
    i = cuda.threadIdx.x
    span = cuda.blockDim.x
    stride = y[0]
    block[int(i * stride)] = x[i]
    cuda.syncthreads()
    y[i] = block[int((span - 1 - i) * stride)]


@pytest.fixture(scope="module")
def device():
    if reason := cuda_driver.why_none():
        pytest.skip(reason)
    with open_device(0) as opened:
        yield opened


def test_without_bindings_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(cuda_driver, "driver", None)
    assert cuda_driver.device_count() == 0
    assert "cuda-bindings" in cuda_driver.why_none()
    with pytest.raises(DeviceError, match="no GPU"):
        open_device()


def test_without_a_driver_library_there_is_no_gpu(monkeypatch):
    def absent(_):
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    monkeypatch.setattr(cuda_driver, "driver", SimpleNamespace(cuInit=absent))
    assert cuda_driver.device_count() == 0
    assert "libcuda" in cuda_driver.why_none()


def test_every_answer_is_checked(monkeypatch):
    status = SimpleNamespace(name="CUDA_ERROR_SYSTEM_DRIVER_MISMATCH")
    fake = SimpleNamespace(
        CUresult=SimpleNamespace(CUDA_SUCCESS=0),
        cuInit=lambda _: (status,),
        cuGetErrorString=lambda _: (0, b"driver and library differ"),
    )
    fake.cuInit.__name__ = "cuInit"
    monkeypatch.setattr(cuda_driver, "driver", fake)
    assert cuda_driver.why_none() == "cuInit: driver and library differ (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)"
    assert cuda_driver.device_count() == 0


@pytest.mark.gpu
def test_the_device_describes_itself(device):
    assert device.name
    assert device.capability >= (7, 0)
    assert device.multiprocessors > 0
    assert 0 < device.free_bytes() <= device.memory_bytes
    assert device.shared_bytes_per_block >= 48 * 1024


@pytest.mark.gpu
def test_an_index_beyond_the_last_is_refused(device):
    with pytest.raises(DeviceError, match="counted from 0"):
        open_device(cuda_driver.device_count() + device.index)


@pytest.mark.gpu
@pytest.mark.parametrize("form", ["cubin", "ptx"])
def test_a_kernel_adds_vectors(device, form):
    kernel = compile_kernel(add, (F64, F64, types.int64, types.float64), device.capability)
    x, y = np.arange(N, dtype=np.float64), np.ones(N)
    with Module(device, getattr(kernel, form)) as module, Stream(device) as stream:
        function = module.function("add")
        here, there = DeviceMemory(device, x.nbytes), DeviceMemory(device, y.nbytes)
        here.copy_from(x, stream)
        there.copy_from(y, stream)
        args = (here.argument, there.argument, ctypes.c_int64(N), ctypes.c_double(2.0))
        function.launch(-(-N // 128), 128, args, stream=stream)
        result = np.empty(N)
        there.copy_to(result, stream)
        stream.synchronize()
        here.close()
        there.close()
    np.testing.assert_array_equal(result, 2.0 * x + y)
    if form == "cubin":
        assert function.registers == kernel.resources.registers
    assert function.local_bytes == 0
    assert function.max_threads >= 256


@pytest.mark.gpu
def test_shared_memory_beyond_48_kib(device):
    kernel = compile_kernel(reverse, (F64, F64), device.capability)
    threads = 128
    stride = (device.shared_bytes_per_block // 8 - 1) // threads
    with Module(device, kernel.cubin) as module, DeviceMemory(device, 8 * threads) as x:
        function = module.function("reverse")
        values = np.arange(threads, dtype=np.float64)
        x.copy_from(values)
        result = np.full(threads, float(stride))
        with DeviceMemory(device, 8 * threads) as y:
            y.copy_from(result)
            shared_bytes = device.shared_bytes_per_block
            function.launch(1, threads, (x.argument, y.argument), shared_bytes=shared_bytes)
            y.copy_to(result)
            device.synchronize()
        np.testing.assert_array_equal(result, values[::-1])
        with pytest.raises(DeviceError, match="fewer threads a block"):
            function.launch(1, threads, (x.argument, x.argument), shared_bytes=shared_bytes + 1)


@pytest.mark.gpu
def test_copies_round_trip_through_pinned_memory(device):
    rng = np.random.default_rng(0)
    with PinnedArray(device, (3, N), np.float32) as pinned, DeviceMemory(device, 12 * N) as memory:
        values = rng.standard_normal((3, N), dtype=np.float32)
        pinned.array[:] = values
        memory.copy_from(pinned.array)
        pinned.array[:] = 0
        memory.copy_to(pinned.array[1], offset=4 * N)
        device.synchronize()
        np.testing.assert_array_equal(pinned.array[1], values[1])
        assert not pinned.array[0].any()
        memory.fill(0)
        memory.copy_to(pinned.array)
        device.synchronize()
        assert not pinned.array.any()


@pytest.mark.gpu
def test_a_copy_that_does_not_fit_is_refused(device):
    with DeviceMemory(device, 80) as memory:
        with pytest.raises(ValueError, match="do not fit"):
            memory.copy_from(np.zeros(11))
        with pytest.raises(ValueError, match="do not fit"):
            memory.copy_from(np.zeros(10), offset=8)
        with pytest.raises(ValueError, match="contiguous"):
            memory.copy_from(np.zeros((5, 4))[:, :2])


@pytest.mark.gpu
def test_events_measure_time(device):
    with Stream(device) as stream, Event(device) as start, Event(device) as end:
        with DeviceMemory(device, 1 << 28) as memory:
            before = time.perf_counter()
            start.record(stream)
            memory.fill(1, stream)
            end.record(stream)
            end.synchronize()
            around = time.perf_counter() - before
        assert 0 < end.milliseconds_since(start) < 1e3 * around


@pytest.mark.gpu
def test_too_much_memory_is_an_error_with_its_code(device):
    with pytest.raises(DeviceError, match="cuMemAlloc") as caught:
        DeviceMemory(device, device.memory_bytes * 4)
    assert caught.value.code == "CUDA_ERROR_OUT_OF_MEMORY"


@pytest.mark.gpu
def test_closing_the_device_frees_what_is_held(device):
    def is_freed():
        other = open_device(0)
        before = other.free_bytes()
        memory = DeviceMemory(other, 1 << 28)
        assert other.free_bytes() < before
        other.close()
        memory.close()
        assert not other.held
        device.use()
        return device.free_bytes() >= before

    # Other processes on the device take memory meanwhile, but not each time.
    assert any(is_freed() for _ in range(5))
