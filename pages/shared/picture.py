"""A picture that ships with the page."""

from base64 import b64encode
from functools import cache
from pathlib import Path

import streamlit as st


def show_picture(file: Path, alt: str) -> None:
    """Draw it as wide as its place."""
    st.html(f'<div class="lobule-sample"><img src="{address_of(file)}" alt="{alt}"></div>')


@cache
def address_of(file: Path) -> str:
    """Return a JPEG or PNG file as a `data:` address."""
    kind = "png" if file.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{b64encode(file.read_bytes()).decode()}"
