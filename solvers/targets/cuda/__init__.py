"""How device code is written for NVIDIA GPUs."""
