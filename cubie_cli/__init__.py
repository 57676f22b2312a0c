"""The command line of cubie: configuration, batches, files and reports."""
