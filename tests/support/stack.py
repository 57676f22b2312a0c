"""The stack of a thread."""

import ctypes


def stack_bytes():
    """Return the size of the stack of the thread that calls."""
    library, attributes, size = ctypes.CDLL(None), ctypes.create_string_buffer(256), ctypes.c_size_t()
    library.pthread_self.restype = ctypes.c_void_p
    library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes)
    library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    return size.value
