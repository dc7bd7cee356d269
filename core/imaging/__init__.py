"""Bytes to RGB pixels and back: read, resize, tiles, tissue, stain, overlay and the phantom."""
