"""A model package and pixels in, calibrated probabilities out."""
