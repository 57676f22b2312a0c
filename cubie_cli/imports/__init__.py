"""Models in the formats of other programs, written as model files."""
