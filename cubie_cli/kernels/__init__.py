"""The kernel of a job: its key, the cache, tuning."""
