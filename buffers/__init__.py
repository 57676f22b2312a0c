"""Which memory each component of a solver needs, and where it lies."""

from buffers.allocator import Allocator, undefined_memory
from buffers.errors import LocationError, RegistrationError, UnknownBufferError
from buffers.layout import Sizes
from buffers.locations import AUTO_LOCATION, LOCATIONS, Location, Locations
from buffers.model import DTYPES, Kind, Lifetime
from buffers.placement import Row, Totals
from buffers.registry import BufferRegistry

__all__ = [
    "AUTO_LOCATION",
    "DTYPES",
    "LOCATIONS",
    "Allocator",
    "BufferRegistry",
    "Kind",
    "Lifetime",
    "Location",
    "LocationError",
    "Locations",
    "RegistrationError",
    "Row",
    "Sizes",
    "Totals",
    "UnknownBufferError",
    "undefined_memory",
]
