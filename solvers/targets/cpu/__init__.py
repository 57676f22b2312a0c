"""How device code is written for the CPU."""
