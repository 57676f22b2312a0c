"""Which runs there are, which of them are solved, and which values each has."""
