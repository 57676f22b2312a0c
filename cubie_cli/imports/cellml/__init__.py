"""Models in CellML."""
