"""Slides found in and fetched from an image archive, a small one on this machine."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from pydicom import dcmread
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from core.cli import app
from core.errors import SlideError, Stopped
from core.slides.dicomweb import download, search
from core.slides.dicomweb.client import is_set_up
from core.slides.roots import list_slides
from core.slides.slide import open_slide
from tests.made_slides import Pixels, pyramid, section, write_dicom

USER = "Basic " + base64.b64encode(b"lobule:s%cret").decode()


@dataclass
class Site:
    """What the archive holds, and how it fails."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """By the UIDs of study, series and instance, with slashes between."""
    asked: list[str] = field(default_factory=list)
    breaks: int | None = None
    """Bytes of an instance after which the connection breaks."""
    status: int = 200
    multipart: bool = True
    lie: tuple[str, str] = ("\0", "")
    """What is said for what in lists."""

    def add(self, *paths: Path) -> tuple[str, str]:
        for path in paths:
            said = dcmread(path, stop_before_pixels=True)
            uids = said.StudyInstanceUID, said.SeriesInstanceUID, said.SOPInstanceUID
            self.files["/".join(uids)] = path.read_bytes()
        return uids[0], uids[1]


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        site, address = self.site, urlsplit(self.path)
        parts = address.path.strip("/").split("/")[1:]  # behind the prefix
        site.asked.append(address.path)
        if self.headers.get("Authorization") != USER:
            self._send(401, "text/plain", b"who?")
        elif site.status != 200:
            self._send(site.status, "text/plain", b"")
        elif parts == ["series"]:
            self._json("series", parse_qs(address.query))
        elif parts[0::2] == ["studies", "series", "instances"][: len(parts[0::2])]:
            key = "/".join(parts[1::2])
            if len(parts) == 5:
                self._json("instances", {"SeriesInstanceUID": [parts[3]]})
            elif key in site.files:
                self._instance(site.files[key])
            else:
                self._send(404, "text/plain", b"")

    def _instance(self, content: bytes) -> None:
        site = self.site
        if not site.multipart:
            self._send(200, "application/dicom", content)
            return
        body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary="b"'
        self._send(200, kind, body, site.breaks)

    def _json(self, what: str, asked: dict[str, list[str]]) -> None:
        answer = {}
        for content in self.site.files.values():
            said = dcmread(_File(content), stop_before_pixels=True)
            filters = {name: values[0] for name, values in asked.items() if name[0].isupper()}
            if any(str(said.get(name, "")) != value for name, value in filters.items()):
                continue
            kept = said.to_json_dict()
            key = kept["0020000E" if what == "series" else "00080018"]["Value"][0]
            answer[key] = {tag: kept[tag] for tag in kept if not tag.startswith("0002")}
        text = json.dumps(list(answer.values())).replace(*self.site.lie) if answer else "[]"
        self._send(200, "application/dicom+json", text.encode())

    def _send(self, status: int, kind: str, body: bytes, stop: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:stop])
        self.close_connection = True


def _File(content: bytes) -> object:  # noqa: N802 - a file in memory
    from io import BytesIO  # noqa: PLC0415

    return BytesIO(content)


@pytest.fixture
def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    assert home
    made = Site()
    handler = type("Handler", (_Handler,), {"site": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.address = f"127.0.0.1:{server.server_port}"
        monkeypatch.setenv(
            "LOBULE_DICOMWEB_URL", f"http://lobule:s%25cret@{made.address}/dicom-web/"
        )
        monkeypatch.delenv("LOBULE_SLIDES", raising=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def pixels() -> Pixels:
    return section(150, 110)


@pytest.fixture
def paths(tmp_path: Path, pixels: Pixels) -> list[Path]:
    return write_dicom(tmp_path / "there", pyramid(pixels, 3))


def test_search(site: Site, paths: list[Path], tmp_path: Path, pixels: Pixels) -> None:
    study, series = site.add(*paths)
    changes = {"PatientID": "77", "AccessionNumber": "A-1", "SeriesDescription": "<b>HE</b>"}
    site.add(*write_dicom(tmp_path / "other", [pixels], changes=changes))
    site.add(*write_dicom(tmp_path / "ct", [pixels], changes={"Modality": "CT"}))
    found = search()
    assert {slide.series for slide in found} == {
        series,
        next(s.series for s in found if s.accession),
    }
    assert len(found) == 2
    (one,) = search(patient_id="77")
    assert (one.accession, one.description, one.date) == ("A-1", "<b>HE</b>", "2026-01-02")
    assert search(accession="none") == []
    assert not any("Nobody" in str(slide) for slide in found)
    assert study in {slide.study for slide in found}


@pytest.mark.parametrize("multipart", [True, False])
def test_a_slide_is_fetched_and_opens(
    site: Site,
    paths: list[Path],
    pixels: Pixels,
    multipart: bool,  # noqa: FBT001
) -> None:
    site.multipart = multipart
    _, series = site.add(*paths)
    told: list[tuple[int, int, int]] = []
    folder = download(series, lambda *how: told.append(how))
    assert [slide.path for slide in list_slides()] == [folder]
    assert folder.name == "DICOM slide 2026-01-02"
    with open_slide(folder) as slide:
        assert np.array_equal(slide.read(0, 0, 150, 110, (150, 110)), pixels)
    assert told[0] == (0, 3, 0)
    assert told[-1][:2] == (3, 3)
    assert told[-1][2] == sum(map(len, site.files.values()))
    number = len(site.asked)
    assert download(series) == folder
    assert len(site.asked) == number


def test_label_and_overview_are_not_fetched(site: Site, tmp_path: Path, pixels: Pixels) -> None:
    uids = ("1.2.3", "1.2.4", "1.2.5")
    site.add(*write_dicom(tmp_path / "a", [pixels], uids=uids))
    for flavour in ("LABEL", "OVERVIEW"):
        site.add(*write_dicom(tmp_path / flavour, [pixels], uids=uids, flavour=flavour))
    folder = download("1.2.4")
    assert len(list(folder.iterdir())) == 1
    assert sum("/instances/" in path for path in site.asked) == 1


def test_a_download_that_broke_off_goes_on(site: Site, paths: list[Path], home: Path) -> None:
    _, series = site.add(*paths)

    def stop(here: int, _files: int, _bytes: int) -> None:
        if here == 1:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        download(series, stop)
    assert list_slides() == []
    site.breaks = 2000
    with pytest.raises(SlideError, match="What arrived is kept"):
        download(series)
    assert list_slides() == []
    site.breaks = None
    site.asked.clear()
    (inner,) = (home / "slides" / "downloads" / f".{series}.coming").iterdir()
    (inner / ".1.2.dcm.abc").write_bytes(paths[0].read_bytes())  # as if killed while writing
    assert len(list(download(series).iterdir())) == 3
    assert sum("/instances/" in path for path in site.asked) == 2  # the first was here
    assert len(list_slides()) == 1


def test_what_does_not_open_is_no_slide(site: Site, paths: list[Path]) -> None:
    _, series = site.add(*paths)
    for key in site.files:
        site.files[key] = site.files[key][:900]
    with pytest.raises(SlideError):
        download(series)
    assert list_slides() == []


@pytest.mark.parametrize("uid", ["../../etc", "1.2/3", "", "1..2", "1" * 65, "1.2\n", "%2e%2e"])
def test_only_uids_become_paths(site: Site, uid: str) -> None:
    with pytest.raises(SlideError, match="no DICOM UID"):
        download(uid)
    assert site.asked == []


def test_uids_of_a_hostile_archive_are_checked(site: Site, paths: list[Path]) -> None:
    _, series = site.add(*paths[:1])
    site.lie = (next(iter(site.files)).rpartition("/")[2], "../../../x")
    with pytest.raises(SlideError, match="no DICOM UID"):
        download(series)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "lets nobody in"), (404, "answers 404"), (500, "answers 500"), (200, "no slide with")],
)
def test_failures_are_told_in_words(site: Site, status: int, words: str) -> None:
    site.status = status
    with pytest.raises(SlideError, match=words) as refused:
        download("1.2.3")
    assert "s%cret" not in str(refused.value)
    assert "s%25cret" not in str(refused.value)


def test_without_an_archive_it_is_said_how_to_name_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    monkeypatch.delenv("LOBULE_DICOMWEB_URL", raising=False)
    assert not is_set_up()
    with pytest.raises(SlideError, match="LOBULE_DICOMWEB_URL"):
        search()
    for wrong in ("ftp://a/b", "nonsense", "http://"):
        monkeypatch.setenv("LOBULE_DICOMWEB_URL", wrong)
        with pytest.raises(SlideError, match="no address of a web service"):
            search()
    monkeypatch.setenv("LOBULE_DICOMWEB_URL", "http://127.0.0.1:9/x")
    with pytest.raises(SlideError, match="cannot be reached"):
        search()


def test_on_the_page(site: Site, paths: list[Path]) -> None:
    _, series = site.add(*paths)
    page = AppTest.from_function(_panel, default_timeout=60).run()
    page.button[0].click().run()
    assert not page.exception
    page.button(key=f"fetch-{series}").click().run()
    assert not page.exception
    (slide,) = list_slides()
    assert slide.id in page.query_params["slide"]
    site.status = 500
    page.button[0].click().run()
    assert "answers 500" in "".join(element.proto.body for element in page.get("html"))


def _panel() -> None:
    from pages.viewer.archive import offer_archive  # noqa: PLC0415 - AppTest runs it alone

    offer_archive()


def test_on_the_command_line(site: Site, paths: list[Path]) -> None:
    _, series = site.add(*paths)
    said = CliRunner().invoke(app, ["slides", "search", "--json"])
    assert json.loads(said.output)[0]["series"] == series
    assert series in CliRunner().invoke(app, ["slides", "search"]).output
    done = CliRunner().invoke(app, ["slides", "download", series])
    assert done.exit_code == 0
    assert list_slides()[0].path == Path(done.output.strip())
    wrong = CliRunner().invoke(app, ["slides", "download", "1.2"])
    assert wrong.exit_code == 1
    assert "no slide with the series UID 1.2" in wrong.output
