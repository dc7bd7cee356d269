"""Times in words."""


def duration(seconds: float) -> str:
    """Write a time in words: "2 h 5 min", "3 min 20 s", "0.4 s"."""
    if seconds < 9.95:  # noqa: PLR2004 - below, tenths matter
        return f"{seconds:.1f} s"
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds_left} s" if minutes else f"{seconds_left} s"
