"""A whole slide that is dropped on Diagnose opens on the Slides page; small ones are answered."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.slides.roots import list_slides
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff

ROOT = Path(__file__).resolve().parents[3]

File = tuple[str, bytes, str]


def dropped(*files: File) -> AppTest:
    """The sidebar of Diagnose after these files were dropped, alone: no model is asked."""
    page = AppTest.from_function(_sidebar, default_timeout=60)
    page.run()
    page.file_uploader[0].set_value(list(files))
    return page.run()


def _sidebar() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs the body alone

    from pages.desk import whole_slides  # noqa: PLC0415
    from pages.desk.state import open_desk  # noqa: PLC0415
    from pages.desk.uploads import ask_for_images  # noqa: PLC0415

    def gone(path: str, query_params: dict[str, str]) -> None:
        st.session_state["gone_to"] = (path, query_params)

    def offered(path: str, **link: dict[str, str]) -> None:
        assert path == "pages/slides.py"
        st.session_state.setdefault("links", {})[link["label"]] = link["query_params"]

    whole_slides.st.switch_page = gone
    whole_slides.st.page_link = offered
    ask_for_images()
    st.session_state["names"] = [upload.name for upload in open_desk().images.values()]


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


@pytest.fixture(autouse=True)
def own_streamlit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the drawn function replaces is put back."""
    assert home
    import streamlit as st  # noqa: PLC0415

    monkeypatch.setattr(st, "switch_page", st.switch_page)
    monkeypatch.setattr(st, "page_link", st.page_link)


@pytest.fixture
def dicom(tmp_path: Path, pixels: Pixels) -> list[File]:
    paths = write_dicom(tmp_path / "d", pyramid(pixels, 2))
    return [(path.name, path.read_bytes(), "application/dicom") for path in paths]


@pytest.fixture
def pixels() -> Pixels:
    return section(80, 60)


def test_a_slide_alone_is_shown_at_once(dicom: list[File]) -> None:
    page = dropped(*dicom)
    assert not page.exception
    (slide,) = list_slides()
    assert page.session_state["gone_to"] == ("pages/slides.py", {"slide": slide.id})
    assert page.session_state["names"] == []
    page.session_state["gone_to"] = None
    page.run()
    assert page.session_state["gone_to"] is None  # once
    assert list(page.session_state["links"].values()) == [{"slide": slide.id}]


def test_a_slide_among_images_is_offered(dicom: list[File], tmp_path: Path, pixels: Pixels) -> None:
    small = write_tiff(tmp_path / "small.svs", [pixels], kind="svs").read_bytes()
    page = dropped(("small.svs", small, "image/tiff"), *dicom)
    assert not page.exception
    assert page.session_state["names"] == ["small.svs"]
    assert "gone_to" not in page.session_state
    (slide,) = list_slides()
    assert list(page.session_state["links"].values()) == [{"slide": slide.id}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.mrxs", b"\xff\xd8\xff", "one of several files of its slide"),
        ("<b>.ndpi", b"II*\0nothing", "&lt;b&gt;.ndpi is damaged"),
        ("ct.dcm", bytes(128) + b"DICM" + bytes(50), "no whole slide"),
    ],
)
def test_what_does_not_open_is_answered_in_words(name: str, content: bytes, words: str) -> None:
    page = dropped((name, content, ""))
    assert not page.exception
    assert words in html(page) or words.replace("&lt;b&gt;", "_b_") in html(page)
    assert page.session_state["names"] == []
    assert list_slides() == []
