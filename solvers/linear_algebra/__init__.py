"""Linear algebra written out for one sparsity pattern, as straight-line code."""
