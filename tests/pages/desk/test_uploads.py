"""What the uploader gives becomes images on the desk."""

from types import SimpleNamespace
from typing import Any

from pages.desk.uploads import _images_of
from tests.core.imaging.test_archive import zipped


def file(name: str, content: bytes) -> Any:
    return SimpleNamespace(file_id="f1", name=name, size=len(content), getvalue=lambda: content)


def test_a_zip_becomes_its_images() -> None:
    data = zipped({"case/a.png": b"1", "case/b.jpg": b"22", "case/report.pdf": b"no"})
    uploads, words = _images_of(file("Case.ZIP", data))
    assert [(each.id, each.name, each.load(), each.size) for each in uploads] == [
        ("f1/0", "a.png", b"1", 1),
        ("f1/1", "b.jpg", b"22", 2),
    ]
    assert words == ["Left out of Case.ZIP: no image that Lobule reads (1)."]


def test_an_archive_that_cannot_be_used_says_so() -> None:
    assert _images_of(file("a.zip", zipped({}))) == ([], ["There is no usable image in a.zip."])
    uploads, (words,) = _images_of(file("b.zip", b"broken"))
    assert not uploads
    assert words.startswith("b.zip: This zip archive is damaged")


def test_any_other_file_is_one_image() -> None:
    (upload,), words = _images_of(file("field.tif", b"tiff"))
    assert (upload.id, upload.name, upload.load(), words) == ("f1", "field.tif", b"tiff", [])
