"""Problems in PEtab: a model, its conditions, what is measured, and what is estimated."""
