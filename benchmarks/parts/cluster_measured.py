"""What is measured of tasks before a cluster is simulated; loads no TensorFlow."""

from dataclasses import dataclass

SIZES = {"cancernet": 50, "cnn4": 96, "mobilenetv2": 96, "idc": 96}
"""Recipes, and the side of their input, px."""
PROBE = "idc"
PASSED = 64
"""Images of the probe that are passed at once."""
FEATURES = 1024
"""That the probe's network gives."""


@dataclass(frozen=True)
class SlideTimes:
    """Of a slide that a model of a coarse scale answers.

    Attributes
    ----------
    finding, reading, answering : float
        Seconds of cores for a tile.
    finest : float
        Seconds of cores to read a million pixels of the finest level at half their scale.
    share_read : float
        Of the file: its levels from the one that fits the model's scale on.
    tiles : int
    """

    finding: float
    reading: float
    answering: float
    finest: float
    share_read: float
    tiles: int


@dataclass(frozen=True)
class Measured:
    """Seconds of cores.

    Attributes
    ----------
    decode : dict of int to float
        To read an image of the dataset and resize it, by its side, px.
    steps : dict of str to list of float
        Of a step of each phase, for an image, by recipe.
    probe_pass, probe_fit : float
        Of a pass of the recipe `idc` for an image, and of a logistic regression for one of its
        rows.
    reference_pass : float
        Of a pass of ResNet-50 at 224 px, for an image.
    slide : SlideTimes
    """

    decode: dict[int, float]
    steps: dict[str, list[float]]
    probe_pass: float
    probe_fit: float
    reference_pass: float
    slide: SlideTimes
