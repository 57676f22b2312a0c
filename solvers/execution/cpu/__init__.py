"""Running on the CPU."""
