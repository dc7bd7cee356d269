"""Whole slides: opened where they lie, read region by region."""
