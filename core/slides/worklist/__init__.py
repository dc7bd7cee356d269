"""Slides in the worklist: a case of an overview and of regions, and patches for training."""
