"""Windows that pages are seen in."""

import pytest

# (width in px, colour scheme): each width and each scheme in every run, all pairs in the rest.
WINDOWS = [
    (1440, "light"),
    (900, "dark"),
    pytest.param(1440, "dark", marks=pytest.mark.exhaustive),
    pytest.param(900, "light", marks=pytest.mark.exhaustive),
]
