"""Small pictures of kept images: of the same picture, and gone with it."""

import base64
import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from core.cases.change import delete_case
from core.cases.files import thumbnail_path
from core.cases.read import load_case
from core.cases.records import Actor, NewImage
from core.cases.save import save_case
from core.cases.store import Store
from core.cases.thumbnails import thumbnail
from core.imaging.preview import THUMBNAIL, encode_thumbnail

ANNA = Actor("Anna")


def decoded(address: str) -> np.ndarray:
    head, data = address.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_it_is_small_and_of_the_same_picture() -> None:
    pixels = np.zeros((200, 400, 3), np.uint8)
    pixels[:, 200:] = (200, 40, 90)
    small = np.asarray(Image.open(io.BytesIO(encode_thumbnail(pixels)))).astype(int)
    assert small.shape == (THUMBNAIL // 2, THUMBNAIL, 3)
    assert np.abs(small[:, 4:40] - 0).max() < 12
    assert np.abs(small[:, 56:92] - (200, 40, 90)).max() < 12


def test_it_comes_and_goes_with_the_image(
    store: Store, make_image: Callable[..., NewImage]
) -> None:
    case = load_case(store, save_case(store, [make_image(1), make_image(2)], ANNA))
    first, second = (image.sha256 for image in case.images)
    kept = thumbnail(store.images, first)
    assert thumbnail_path(store.images, first).exists()
    thumbnail_path(store.images, first).unlink()  # as a Lobule of before kept it
    np.testing.assert_array_equal(decoded(thumbnail(store.images, first)), decoded(kept))
    delete_case(store, case, ANNA)
    assert not thumbnail_path(store.images, second).exists()
    assert thumbnail(store.images, second) == ""
