"""The run configuration, from text to checked values."""
