"""TIFF files: what they say of themselves, and their pixels, by tifffile and imagecodecs."""
