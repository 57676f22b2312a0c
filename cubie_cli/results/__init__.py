"""Files that are written: results, traces, where they go and where they come from."""
