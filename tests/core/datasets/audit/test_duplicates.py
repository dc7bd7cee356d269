from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.datasets.audit.accepted import Decisions, apply_decisions
from core.datasets.audit.audit import audit, duplicate_rows
from core.datasets.audit.finding import Finding
from tests.core.datasets.audit.conftest import Write, make_dataset, picture

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def jpeg(quality: int) -> Change:
    def change(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        return cv2.imdecode(data, cv2.IMREAD_COLOR)

    return change


def resized(factor: float) -> Change:
    return lambda pixels: cv2.resize(pixels, None, fx=factor, fy=factor)


def findings(folder: Path, **options: object) -> dict[str, Finding]:
    return {f.code: f for f in audit(make_dataset(folder), **options).findings}


def test_sound_pictures_have_no_duplicates(sound: Path) -> None:
    result = audit(make_dataset(sound))
    assert (result.duplicates, result.near_duplicates) == ((), ())
    assert not [f.code for f in result.findings if "duplicate" in f.code]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("0/p0_copy.png", "duplicate"),
        ("0/p2_copy.png", "duplicate-across-patients"),
        ("1/p0_copy.png", "duplicate-across-classes"),
        ("1/p1_copy.bmp", "duplicate-across-classes"),
    ],
)
def test_the_same_pixels_are_found_in_any_file(
    sound: Path, write: Write, target: str, code: str
) -> None:
    write(target, picture(0))
    found = findings(sound)
    assert {name: f.count for name, f in found.items() if "duplicate" in name} == {code: 2}
    assert set(found[code].files) == {"0/p0_0.png", target}
    assert found[code].severity == ("warning" if code == "duplicate" else "error")


@pytest.mark.parametrize(
    "change",
    [jpeg(90), jpeg(60), resized(0.5), resized(1.5), lambda pixels: cv2.add(pixels, (2, 2, 2, 0))],
    ids=["jpeg 90", "jpeg 60", "half", "half again", "brighter"],
)
@pytest.mark.parametrize("number", [0, 3])
def test_near_duplicates_are_found(sound: Path, write: Write, change: Change, number: int) -> None:
    write("0/p4_near.png", change(picture(number)))
    result = audit(make_dataset(sound))
    assert result.duplicates == ()
    assert result.near_duplicates == ((f"0/p0_{number}.png", "0/p4_near.png"),)
    found = {f.code: f for f in result.findings}
    assert found["near-duplicate-across-patients"].count == 2


def test_groups_hold_exact_copies_of_near_duplicates(sound: Path, write: Write) -> None:
    write("0/p0_copy.png", picture(0))
    write("0/p0_near.png", jpeg(80)(picture(0)))
    write("0/p2_copy.png", picture(1))
    dataset = make_dataset(sound)
    result = audit(dataset)
    assert result.near_duplicates == (("0/p0_0.png", "0/p0_copy.png", "0/p0_near.png"),)
    assert result.duplicates == (("0/p0_0.png", "0/p0_copy.png"), ("0/p0_1.png", "0/p2_copy.png"))
    paths = dataset.records["path"].tolist()
    assert [[paths[row] for row in group] for group in duplicate_rows(result, dataset)] == [
        ["0/p0_0.png", "0/p0_copy.png"],
        ["0/p0_1.png", "0/p2_copy.png"],
        ["0/p0_0.png", "0/p0_copy.png", "0/p0_near.png"],
    ]
    fewer = apply_decisions(
        dataset, Decisions(fingerprint=dataset.fingerprint, drop=frozenset({"0/p0_near.png"}))
    )
    assert len(duplicate_rows(result, fewer)) == 3  # exact copies are near duplicates still
    alone = Decisions(fingerprint=dataset.fingerprint, drop=frozenset({"0/p2_copy.png"}))
    assert len(duplicate_rows(result, apply_decisions(dataset, alone))) == 2


def test_blank_pictures_are_told_as_blank_and_not_as_duplicates(sound: Path, write: Write) -> None:
    glass = np.full((50, 50, 3), 245, dtype=np.uint8)
    for number in range(30):
        noise = np.random.default_rng(number).integers(0, 3, glass.shape, dtype=np.uint8)
        write(f"0/p0_blank{number}.png", glass + noise * (number % 2))
    found = findings(sound)
    assert found["blank"].count == 30
    assert not [code for code in found if "duplicate" in code]


def test_duplicates_across_the_parts_of_a_split(sound: Path, write: Write) -> None:
    write("0/p0_copy.png", picture(0))
    paths = make_dataset(sound).records["path"].tolist()
    copy = np.array([paths.index("0/p0_copy.png")])
    rest = np.setdiff1d(np.arange(len(paths)), copy)
    assert "duplicate-across-parts" not in findings(sound, parts={"train": np.arange(len(paths))})
    crossing = findings(sound, parts={"train": rest, "test": copy})["duplicate-across-parts"]
    assert (crossing.count, crossing.severity) == (2, "error")


def test_many_copies_of_few_pictures_do_not_take_for_ever(tmp_path: Path, write: Write) -> None:
    for number in range(300):
        write(f"0/p0_{number:03}.png", cv2.add(picture(number % 2), (number // 2 % 50,) * 3))
    result = audit(make_dataset(tmp_path / "data"))
    assert [len(group) for group in result.near_duplicates] == [150, 150]
