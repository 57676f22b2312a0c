"""The model file, from text to a system of equations."""
