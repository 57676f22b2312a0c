"""Which values each run has."""
