"""Windows that pages are seen in."""

WINDOWS = [(1440, "light"), (900, "dark")]
"""Width in px and colour scheme: each width and each scheme once."""
