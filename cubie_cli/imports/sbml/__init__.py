"""Models in SBML."""
