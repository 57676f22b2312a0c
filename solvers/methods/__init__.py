"""A step of each family of methods."""
