"""What a person reads: memory, the machine, summaries of files, advice."""
