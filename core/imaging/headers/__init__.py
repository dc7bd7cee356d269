"""What an image file says of itself, read before any decoder sees the file."""
