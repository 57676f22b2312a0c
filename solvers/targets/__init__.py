"""The targets that device code runs on, and what each needs to run a batch."""
