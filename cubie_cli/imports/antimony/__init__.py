"""Models in Antimony."""
