"""Networks by name, each one flat functional graph from pixels to probabilities."""

from core.architectures.build import backbone_layers, build
from core.architectures.catalogue import NAMES, heatmap_layer

__all__ = ["NAMES", "backbone_layers", "build", "heatmap_layer"]
