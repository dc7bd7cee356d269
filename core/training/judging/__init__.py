"""Judging: held-out answers of every patient, and what they say of the model."""
