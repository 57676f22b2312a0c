"""Measurements: kernels, whole commands, memory, and other programs at the same work; `python -m benchmarks`."""
