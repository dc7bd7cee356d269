from pathlib import Path

import cv2
import numpy as np

from core.datasets.audit.audit import audit
from core.datasets.audit.finding import Finding
from tests.core.datasets.audit.conftest import Write, make_dataset, picture


def findings(folder: Path) -> dict[str, Finding]:
    return {f.code: f for f in audit(make_dataset(folder)).findings}


def test_sound_pictures_have_no_findings_on_quality(sound: Path) -> None:
    codes = set(findings(sound))
    assert not codes & {"empty", "unreadable", "blank", "out-of-focus", "stain-outliers"}
    assert "sizes-differ" not in codes


def test_each_fault_is_found_where_it_was_planted(sound: Path, write: Write) -> None:
    write("0/p0_blank.png", np.full((50, 50, 3), 250, np.uint8))
    for number in range(2):
        write(f"0/p2_blur{number}.png", cv2.GaussianBlur(picture(700 + number), (0, 0), 3))
    write("1/p1_green.png", picture(800, tint=(60, 200, 90)))
    write("1/p1_small.png", picture(801, side=40))
    (sound / "1" / "p1_empty.png").write_bytes(b"")
    (sound / "1" / "p1_text.png").write_text("no picture")
    found = findings(sound)
    planted = {
        "blank": {"0/p0_blank.png"},
        "out-of-focus": {"0/p2_blur0.png", "0/p2_blur1.png"},
        "stain-outliers": {"1/p1_green.png"},
        "sizes-differ": {"1/p1_small.png"},
        "empty": {"1/p1_empty.png"},
        "unreadable": {"1/p1_text.png"},
    }
    assert {code: set(found[code].files) for code in planted} == planted
    assert found["unreadable"].severity == "error"
    assert "text file" in found["unreadable"].examples[0]
    assert "40×40 px" in found["sizes-differ"].examples[0]


def test_one_strange_picture_among_few_is_not_judged(tmp_path: Path, write: Write) -> None:
    for number in range(5):
        write(f"0/p{number}_0.png", picture(number))
    write("0/p9_0.png", picture(9, tint=(60, 200, 90)))
    assert "stain-outliers" not in findings(tmp_path / "data")
