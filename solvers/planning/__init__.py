"""From a problem to the tree of components and its memory."""
