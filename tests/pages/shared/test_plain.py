from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared.plain import as_html, visible


class Reader(HTMLParser):
    """Collects what a browser would show, and the tags that it would make."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.tags = "", []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text())
def test_html_shows_the_text_and_makes_no_tag_but_its_own(text: str) -> None:
    reader = Reader()
    reader.feed(as_html(text))
    reader.close()
    assert reader.words == visible(text)
    assert reader.tags == [("bdi", [])]


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\x00", "\n", "\ufeff", "\u2028"])
def test_invisible_characters_are_spelled_out(mark: str) -> None:
    assert visible(f"a{mark}b") == f"a⟨U+{ord(mark):04X}⟩b"


@pytest.mark.parametrize(
    "text", ["Präparat 7.png", "بافت\u200cپستان.png", "乳腺 组织.tif", "क\u200dष"]
)
def test_names_of_every_script_stay(text: str) -> None:
    assert visible(text) == text
