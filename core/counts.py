"""Numbers of things in words."""


def counted(number: int, noun: str) -> str:
    """Write a number of things: "1 image", "7,909 images"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
