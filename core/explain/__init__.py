"""From a model and pixels to heatmaps of what drove the answer."""
