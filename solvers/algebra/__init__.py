"""Norms, linear systems and Newton's method, as components and straight-line code."""
