"""Folders of labelled images: read, split, cache, and serve in batches."""
