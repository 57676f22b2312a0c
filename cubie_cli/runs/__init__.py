"""One command at work, from a job to its result."""
