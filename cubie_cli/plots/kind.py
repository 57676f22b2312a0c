"""The kinds of pictures."""

from enum import StrEnum


class Kind(StrEnum):
    """What a picture shows."""

    TRAJECTORIES = "trajectories"
    FAN = "fan"
    PHASE = "phase"
    FIELD = "field"
    LINE = "line"
    SCATTER = "scatter"
    HEATMAP = "heatmap"
    HISTOGRAM = "histogram"
    BIFURCATION = "bifurcation"
