"""How many inputs a network answers at once."""

# Bounds the memory of one call: VGG16's first feature maps take about 0.8 GB for this many pixels.
BATCH_PIXELS = 2**20
LARGEST_BATCH = 128


def batch_of(height: int, width: int) -> int:
    """How many inputs of that size, px, are answered at once."""
    return max(1, min(LARGEST_BATCH, BATCH_PIXELS // (height * width)))
