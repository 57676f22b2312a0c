"""Running in the interpreter."""
