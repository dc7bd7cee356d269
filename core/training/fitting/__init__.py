"""Fitting: one network on one split, epoch by epoch."""
