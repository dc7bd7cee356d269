"""Which pictures in a file are not of the specimen, by their names and sizes."""

import pytest

from core.imaging.tiff.aside import first_whole, is_aside


@pytest.mark.parametrize(
    "text",
    [
        *("Label", "Macro image", "slide label", "Macro photograph of slide 3", "S12-345 label"),
        *("Aperio Image Library v12\nlabel 387x463", "preview", "Slide Preview", "Etikett", "map"),
        *(
            "<ImageType>Label</ImageType>",
            "<x><ImageType> overview </ImageType></x>",
            "thumbnail 2x3",
        ),
    ],
)
def test_labels_and_small_copies_are_known_by_their_names(text: str) -> None:
    assert is_aside("", text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Overview of region 3", "label 3: tumour", "tumour\nlabel: 3", "labelled tumour"),
        *("Aperio Image Library v12\n46000x32914", "IDC, macro-metastasis", "site map of tumour"),
        "<ImageType>FullResolution</ImageType>",
    ],
)
def test_other_words_of_them_are_no_names(text: str) -> None:
    assert not is_aside(text)


@pytest.mark.parametrize(
    ("sizes", "index"),
    [
        ([(60, 50), (120, 100)], 1),
        ([(120, 100), (60, 50)], 0),
        ([(30, 26), (1000, 857)], 1),
        ([(60, 50), (120, 200)], 0),
        ([(60, 50), (90, 75)], 0),
        ([(0, 0), (120, 100)], 0),
        ([(60, 50), (40, 80), (240, 200)], 2),
    ],
)
def test_the_picture_is_the_first_that_is_no_smaller_copy(
    sizes: list[tuple[float, float]], index: int
) -> None:
    assert first_whole(sizes) == index
