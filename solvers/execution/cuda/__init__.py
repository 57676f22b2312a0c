"""Running on NVIDIA GPUs."""
