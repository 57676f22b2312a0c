"""Compiling, loading, launching, and what a machine offers."""
