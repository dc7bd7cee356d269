"""Asking: a recipe, its settings and the data that a run uses."""
