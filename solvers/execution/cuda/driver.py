"""A thin layer over the CUDA driver: devices, modules, launches, memory, streams and events.

It loads code compiled elsewhere and imports no compiler, so a cached kernel starts fast. Everything is freed
when it is closed, at the latest with its device. A failure of any call is a `DeviceError`.
"""

import contextlib
import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from solvers.errors import DeviceError

try:
    from cuda.bindings import driver
except ImportError:  # no NVIDIA packages: the same to a user as no GPU
    driver = None

#: Shared memory a block gets without asking, in bytes, static and dynamic together.
SHARED_BYTES_UNASKED = 48 * 1024


def _call(function: Callable[..., tuple[Any, ...]], *arguments: Any) -> Any:
    """Call the driver; return what it answers, a tuple where that is several values."""
    status, *values = function(*arguments)
    if status != driver.CUresult.CUDA_SUCCESS:
        _, text = driver.cuGetErrorString(status)
        reason = text.decode() if text else "unknown error"
        raise DeviceError(f"{function.__name__}: {reason} ({status.name})", status.name)
    return values[0] if len(values) == 1 else tuple(values)


def why_none() -> str | None:
    """Return why no GPU can be used, or None where one can."""
    if driver is None:
        return "the package cuda-bindings is not installed"
    try:
        _call(driver.cuInit, 0)
        return None if _call(driver.cuDeviceGetCount) else "the driver finds no GPU"
    except DeviceError as error:
        return str(error)
    except RuntimeError:  # the bindings' answer to a missing library
        return "the NVIDIA driver library (libcuda.so.1) is not installed"


def capability(index: int = 0) -> tuple[int, int]:
    """Return the compute capability of a GPU, (major, minor), without opening it."""
    handle = _call(driver.cuDeviceGet, index)
    return _fact(handle, "COMPUTE_CAPABILITY_MAJOR"), _fact(handle, "COMPUTE_CAPABILITY_MINOR")


def _fact(handle: Any, name: str) -> int:
    """Return an attribute of a device."""
    key = getattr(driver.CUdevice_attribute, f"CU_DEVICE_ATTRIBUTE_{name}")
    return int(_call(driver.cuDeviceGetAttribute, key, handle))


def device_count() -> int:
    """Return the number of GPUs that can be used; 0 without a driver."""
    return 0 if why_none() else int(_call(driver.cuDeviceGetCount))


class _Resource:
    """Something of a device's that is freed once: on `close`, at the end of a `with`, or with the device."""

    def __init__(self, free: Callable[[], Any], held: "dict[_Resource, None]") -> None:
        self._free = free
        self._held = held
        held[self] = None

    def close(self) -> None:
        """Free it; a second time does nothing."""
        if self in self._held:
            del self._held[self]
            with contextlib.suppress(DeviceError):  # after a failed kernel, which was reported, all calls fail
                self._free()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Device(_Resource):
    """One GPU and its primary context, which becomes the calling thread's.

    Attributes
    ----------
    name, capability, multiprocessors
        The maker's name, compute capability (major, minor), number of multiprocessors.
    memory_bytes, shared_bytes_per_block
        All of the device's memory, and the most shared memory a block may ask for.
    held
        What is not yet closed, oldest first.
    """

    def __init__(self, index: int) -> None:
        handle = _call(driver.cuDeviceGet, index)
        self.index = index
        self.name = _call(driver.cuDeviceGetName, 256, handle).split(b"\0")[0].decode()
        self.capability = capability(index)
        self.multiprocessors = _fact(handle, "MULTIPROCESSOR_COUNT")
        self.memory_bytes = int(_call(driver.cuDeviceTotalMem, handle))
        self.shared_bytes_per_block = _fact(handle, "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN")
        self.held: dict[_Resource, None] = {}
        self._context = _call(driver.cuDevicePrimaryCtxRetain, handle)
        super().__init__(lambda: _call(driver.cuDevicePrimaryCtxRelease, handle), self.held)
        self.use()

    def use(self) -> None:
        """Make this the device of the calling thread; every thread that works with it must."""
        _call(driver.cuCtxSetCurrent, self._context)

    def free_bytes(self) -> int:
        """Return the bytes of memory that nobody uses at present."""
        free, _ = _call(driver.cuMemGetInfo)
        return int(free)

    def synchronize(self) -> None:
        """Wait for everything the device was asked to do."""
        _call(driver.cuCtxSynchronize)

    def close(self) -> None:
        """Free all that is still held, newest first, and let go of the device."""
        if self in self.held:
            with contextlib.suppress(DeviceError):  # as above
                self.use()
        for resource in list(self.held)[:0:-1]:  # the oldest is the device itself
            resource.close()
        super().close()


def open_device(index: int = 0) -> Device:
    """Open a GPU; a `DeviceError` says where there is none, or none of that index."""
    if reason := why_none():
        raise DeviceError(f"no GPU: {reason}")
    if not 0 <= index < device_count():
        raise DeviceError(f"no GPU of index {index}: there are {device_count()}, counted from 0")
    return Device(index)


class Stream(_Resource):
    """A queue of copies and launches, which happen in order and beside those of other streams."""

    def __init__(self, device: Device) -> None:
        self.handle = _call(driver.cuStreamCreate, driver.CUstream_flags.CU_STREAM_NON_BLOCKING)
        super().__init__(lambda: _call(driver.cuStreamDestroy, self.handle), device.held)

    def synchronize(self) -> None:
        """Wait until it is empty."""
        _call(driver.cuStreamSynchronize, self.handle)

    def wait(self, event: "Event") -> None:
        """Queue that what follows waits for a mark in another stream, as it was last recorded."""
        _call(driver.cuStreamWaitEvent, self.handle, event.handle, 0)


def _handle(stream: Stream | None) -> Any:
    return driver.CUstream(0) if stream is None else stream.handle


class Event(_Resource):
    """A mark in a stream, with the time the device passed it."""

    def __init__(self, device: Device) -> None:
        self.handle = _call(driver.cuEventCreate, driver.CUevent_flags.CU_EVENT_DEFAULT)
        super().__init__(lambda: _call(driver.cuEventDestroy, self.handle), device.held)

    def record(self, stream: Stream | None = None) -> None:
        """Put the mark after what is queued."""
        _call(driver.cuEventRecord, self.handle, _handle(stream))

    def synchronize(self) -> None:
        """Wait until the device passes it."""
        _call(driver.cuEventSynchronize, self.handle)

    def passed(self) -> bool:
        """Return whether the device has passed it."""
        (status,) = driver.cuEventQuery(self.handle)
        if status == driver.CUresult.CUDA_ERROR_NOT_READY:
            return False
        _call(lambda: (status,))
        return True

    def milliseconds_since(self, earlier: "Event") -> float:
        """Return the time between two events that have happened."""
        return float(_call(driver.cuEventElapsedTime, earlier.handle, self.handle))


class PinnedArray(_Resource):
    """Host memory that the device reads and writes by itself; `array` is not to be touched after `close`."""

    def __init__(self, device: Device, shape: int | tuple[int, ...], dtype: DTypeLike) -> None:
        kind = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        address = _call(driver.cuMemHostAlloc, max(size, 1), driver.CU_MEMHOSTALLOC_PORTABLE)
        memory = (ctypes.c_byte * size).from_address(int(address))
        self.array: NDArray[Any] = np.ndarray(shape, kind, memoryview(memory))
        super().__init__(lambda: _call(driver.cuMemFreeHost, address), device.held)


class DeviceRange:
    """Memory on the device: `bytes` bytes at `address`, which somebody else frees."""

    def __init__(self, address: int, size: int) -> None:
        self.address = address
        self.bytes = size

    @property
    def argument(self) -> ctypes.c_void_p:
        """The address, as `Function.launch` takes it."""
        return ctypes.c_void_p(self.address)

    def part(self, offset: int, size: int) -> "DeviceRange":
        """Return a range within it, `offset` bytes from the start."""
        if offset < 0 or offset + size > self.bytes:
            raise ValueError(f"{size} bytes at {offset} do not fit {self.bytes} on the device")
        return DeviceRange(self.address + offset, size)

    def copy_from(self, host: NDArray[Any], stream: Stream | None = None, offset: int = 0) -> None:
        """Queue a copy of a host array to `offset` bytes from the start; it must not change until done."""
        self._check(host, offset)
        place = self.address + offset
        _call(driver.cuMemcpyHtoDAsync, place, host.ctypes.data, host.nbytes, _handle(stream))

    def copy_to(self, host: NDArray[Any], stream: Stream | None = None, offset: int = 0) -> None:
        """Queue a copy to a host array, which holds it once the stream is synchronized."""
        self._check(host, offset)
        place = self.address + offset
        _call(driver.cuMemcpyDtoHAsync, host.ctypes.data, place, host.nbytes, _handle(stream))

    def fill(self, byte: int = 0, stream: Stream | None = None) -> None:
        """Queue setting every byte."""
        if self.bytes:
            _call(driver.cuMemsetD8Async, self.address, byte, self.bytes, _handle(stream))

    def _check(self, host: NDArray[Any], offset: int) -> None:
        if not host.flags.c_contiguous:
            raise ValueError("a copy needs a contiguous host array")
        if offset < 0 or offset + host.nbytes > self.bytes:
            raise ValueError(f"{host.nbytes} bytes at {offset} do not fit {self.bytes} on the device")


class DeviceMemory(_Resource, DeviceRange):
    """An allocation on the device."""

    def __init__(self, device: Device, size: int) -> None:
        pointer = _call(driver.cuMemAlloc, max(size, 1))
        DeviceRange.__init__(self, int(pointer), size)
        super().__init__(lambda: _call(driver.cuMemFree, pointer), device.held)


class ReusedMemory:
    """Memory on the device that grows with what is asked of it, and is used again and again.

    What is queued may use it until the next call asks for more: growing waits for the device.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._memory: DeviceMemory | None = None

    @property
    def bytes(self) -> int:
        """The bytes that it has at present."""
        return self._memory.bytes if self._memory else 0

    def of(self, size: int) -> DeviceRange:
        """Return a range of so many bytes, from its start."""
        if self._memory is None or self._memory.bytes < size:
            self.free()
            self._memory = DeviceMemory(self._device, size)
        return self._memory.part(0, size)

    def free(self) -> None:
        """Give it back."""
        if self._memory:
            self._memory.close()
        self._memory = None


class Module(_Resource):
    """Code on the device: a cubin as it is, or PTX that the driver compiles for its GPU."""

    def __init__(self, device: Device, code: bytes | str) -> None:
        image = code.encode() + b"\0" if isinstance(code, str) else code
        self._handle = _call(driver.cuModuleLoadData, image)
        self._owner = device
        super().__init__(lambda: _call(driver.cuModuleUnload, self._handle), device.held)

    def function(self, name: str) -> "Function":
        """Return a kernel by name."""
        return Function(self._owner, _call(driver.cuModuleGetFunction, self._handle, name.encode()))

    def write(self, name: str, host: NDArray[Any]) -> None:
        """Fill a variable of the code, by name, which kernels that start later find so."""
        address, size = _call(driver.cuModuleGetGlobal, self._handle, name.encode())
        if host.nbytes > size:
            raise ValueError(f"{host.nbytes} bytes do not fit the {size} of {name}")
        _call(driver.cuMemcpyHtoD, address, host.ctypes.data, host.nbytes)


class Function:
    """A kernel that can be launched.

    Attributes
    ----------
    registers, local_bytes
        A thread's registers and local memory, spills included.
    static_shared_bytes, max_threads
        A block's shared memory that the code itself declares, and the most threads it can have.
    """

    def __init__(self, device: Device, handle: Any) -> None:
        def attribute(name: str) -> int:
            key = getattr(driver.CUfunction_attribute, f"CU_FUNC_ATTRIBUTE_{name}")
            return int(_call(driver.cuFuncGetAttribute, key, handle))

        self._device = device
        self._handle = handle
        self.registers = attribute("NUM_REGS")
        self.local_bytes = attribute("LOCAL_SIZE_BYTES")
        self.static_shared_bytes = attribute("SHARED_SIZE_BYTES")
        self.max_threads = attribute("MAX_THREADS_PER_BLOCK")
        self._shared_bytes = SHARED_BYTES_UNASKED - self.static_shared_bytes

    def launch(
        self,
        grid: int,
        block: int,
        args: Sequence[Any],
        *,
        shared_bytes: int = 0,
        stream: Stream | None = None,
        before: Event | None = None,
        after: Event | None = None,
    ) -> None:
        """Queue the kernel.

        Parameters
        ----------
        grid, block
            Blocks, and threads a block.
        args
            One ctypes value a parameter: `DeviceMemory.argument`, `ctypes.c_int64(n)`, `ctypes.c_double(x)`.
            The driver copies them before this returns.
        shared_bytes
            Dynamic shared memory a block; more than the device gives is a `DeviceError`.
        before, after
            Recorded right before and after it, so that the device does not wait for the host in between.
        """
        self._allow_shared(shared_bytes)
        addresses = (ctypes.c_void_p * len(args))(*map(ctypes.addressof, args))
        pointers = ctypes.addressof(addresses) if args else 0
        queued = (self._handle, grid, 1, 1, block, 1, 1, shared_bytes, _handle(stream), pointers, 0)
        if before:
            before.record(stream)
        _call(driver.cuLaunchKernel, *queued)
        if after:
            after.record(stream)

    def _allow_shared(self, shared_bytes: int) -> None:
        room = self._device.shared_bytes_per_block - self.static_shared_bytes
        if shared_bytes > room:
            raise DeviceError(
                f"a block needs {shared_bytes} bytes of shared memory, {self._device.name} gives {room}: "
                "use fewer threads a block or move buffers out of shared memory"
            )
        if shared_bytes > self._shared_bytes:
            key = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            _call(driver.cuFuncSetAttribute, self._handle, key, shared_bytes)
            self._shared_bytes = shared_bytes
