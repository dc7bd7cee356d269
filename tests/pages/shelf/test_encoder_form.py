from pathlib import Path
from typing import Any

import openvino
import pytest
from streamlit.testing.v1 import AppTest

from core.encoders.add import add_encoder
from core.encoders.shelf import encoders, find_encoder
from core.roots import HELD
from tests import made_encoders as made
from tests.pages.conftest import drawn_until_gone
from tests.pages.test_models import click, html, open_page

SECONDS = 60
STATED = {
    "name": "toy",
    "source": "https://example.org/toy",
    "licence": "CC-BY-NC-4.0",
    "citation": "Nobody (2026)",
    "mean": "0.7, 0.5, 0.6",
    "deviation": "[0.2, 0.3, 0.25]",
}


def field(page: AppTest, what: str) -> Any:
    (found,) = [
        each
        for kind in (page.text_input, page.number_input, page.selectbox)
        for each in kind
        if (each.key or "").startswith(f"encoder-{what}-")
    ]
    return found


def sent(page: AppTest, **changes: object) -> AppTest:
    stated = STATED | {"commercial": "not allowed", "size": made.SIZE} | changes
    for what, value in stated.items():
        field(page, what).set_value(value)
    click(page, "add-encoder-now")
    return drawn_until_gone(page, "stop-adding-encoder", SECONDS)


def test_a_file_is_read_tried_and_added_and_the_page_says_how_to_go_on(tmp_path: Path) -> None:
    given = made.convolutional(tmp_path / "given.xml")
    page = sent(open_page(), path=str(given), title="<b>Toy</b>", scale=0.5)
    shown = html(page)
    assert "toy was added: 24 features an image, 4×4 places" in shown
    assert "the recipe “probe” on the Training page" in shown
    assert "<b>Toy" not in shown
    card = find_encoder("toy").card
    assert (card.input, card.title) == (made.preparation(um_per_px=0.5), "<b>Toy</b>")
    assert (card.licence, card.commercial) == ("CC-BY-NC-4.0", "not allowed")
    assert field(page, "name").value == "", "a form is for one encoder"


def test_what_is_wrong_is_said_and_what_was_typed_stays(tmp_path: Path) -> None:
    page = sent(open_page(), source="", commercial=None)
    assert "Still missing: the file, the source, whether commercial use is allowed." in html(page)
    page = sent(page, path=str(tmp_path / "none.onnx"), mean="1, 2")
    assert "1, 2&#x27; is not three numbers" in html(page)
    page = sent(page, path=str(made.convolutional(tmp_path / "given.xml")), size=64)
    assert "The graph takes images 32 px wide" in html(page)
    assert "Traceback" not in html(page)
    assert field(page, "licence").value == "CC-BY-NC-4.0"
    assert field(page, "size").value == 64
    assert encoders() == []
    assert "toy was added" in html(sent(page))


def test_an_uploaded_file_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = openvino.Core().read_model(made.convolutional(tmp_path / "given.xml"))
    read = []

    def written(given: Path, *arguments: object, **named: object) -> object:
        # OpenVINO reads ONNX and writes none: what came is noted, and its graph put in its place.
        read.append((given.name, given.read_bytes()))
        openvino.save_model(graph, given.with_suffix(".xml"), compress_to_fp16=False)
        return add_encoder(given.with_suffix(".xml"), *arguments, **named)

    monkeypatch.setattr("core.encoders.add.add_encoder", written)
    page = open_page()
    page.segmented_control(key="encoder-from-0").set_value("Upload").run()
    page.file_uploader(key="encoder-file-0").set_value(
        ("../evil.onnx", b"content", "application/octet-stream")
    )
    assert "toy was added" in html(sent(page))
    assert read == [("uploaded.onnx", b"content")]


def test_a_path_outside_the_folders_that_may_be_read_is_refused_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    elsewhere = made.convolutional(outside / "given.xml")
    for suffix in (".xml", ".bin"):
        (inside / f"link{suffix}").symlink_to(elsewhere.with_suffix(suffix))
    (inside / "half.xml").write_bytes(elsewhere.read_bytes())
    (inside / "half.bin").symlink_to(elsewhere.with_suffix(".bin"))
    monkeypatch.setenv(HELD, "1")
    monkeypatch.setenv("LOBULE_DATA_ROOTS", str(inside))
    page = open_page()
    for path in (elsewhere, outside / "none.onnx", inside / "link.xml", inside / "half.xml"):
        shown = html(sent(page, path=str(path)))
        assert "outside the folders that data are read from" in shown, path
        assert "There is no file" not in shown
    assert encoders() == []
    assert "toy was added" in html(sent(page, path=str(made.convolutional(inside / "own.xml"))))
