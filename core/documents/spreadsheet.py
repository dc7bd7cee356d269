"""Text for a table that a spreadsheet may open: it is shown, never computed."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """Return text so that a spreadsheet shows it and does not compute it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
