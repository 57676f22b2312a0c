"""TOML texts whose every part knows its place, and the messages that point there."""
