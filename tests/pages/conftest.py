"""A shelf with a tiny package on it, for tests of pages."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pandas as pd
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner, require_widgets_deltas

from core.registry.card import Card
from core.registry.package import save_package
from pages.shared.warm_up import WarmUp

ANSWER_SECONDS = 120.0
POSITIVE, NEGATIVE = "carcinoma *seen*", "no <b>carcinoma</b>"

CARD: dict[str, Any] = {
    "schema_version": 1,
    "name": "tiny",
    "title": "Tiny :red[model]",
    "summary": "Untrained.",
    "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "architecture": "cnn3",
    "task": "binary",
    "classes": (NEGATIVE, POSITIVE),
    "head": "softmax",
    "input": {
        "height": 32,
        "width": 32,
        "field_um": 200.0,
        "um_per_px_low": 2.0,
        "um_per_px_high": 6.0,
        "um_per_px": 4.0,
    },
    "heatmap_layer": "conv3",
    "temperature": 1.0,
    "operating_point": {
        "positive_class": POSITIVE,
        "threshold": 0.37,
        "rule": "fixed by hand",
        "fitted_on": "nothing",
    },
    "training": {
        "recipe": {},
        "dataset": "none",
        "dataset_fingerprint": "",
        "split": "patient",
        "leaky": False,
        "patients": {"train": ["11"], "validation": ["22"], "test": ["33"]},
        "images": {"train": 1, "validation": 1, "test": 1},
        "seed": 0,
        "seconds": 0.0,
        "command": "",
    },
    "evaluation": {
        "protocol": "One patient left out.",
        "leaky": False,
        "patients": 1,
        "images": 1234,
        "auroc": 0.912,
        "auroc_interval": None,
        "balanced_accuracy": 0.834,
        "balanced_accuracy_interval": None,
        "colour_auroc": 0.756,
        "colour_balanced_accuracy": 0.678,
        "beats_colour": False,
        "difference_interval": None,
        "by_patient": [
            {
                "patient": "33",
                "images": 1234,
                "positives": 321,
                "auroc": 0.912,
                "balanced_accuracy": 0.834,
                "threshold": 0.37,
                "colour_auroc": 0.756,
                "colour_balanced_accuracy": 0.678,
            }
        ],
        "notes": ["Nobody checked."],
    },
    "scope": None,
    "good_for": ("trying pages",),
    "not_for": ("people",),
    "licence": "MIT",
    "citations": (),
    "versions": {},
}


def save_tiny(folder: Path) -> None:
    """Write a package with a small untrained model, as the card above says."""
    from core.architectures import build, heatmap_layer  # noqa: PLC0415 - loads TensorFlow

    save_package(
        folder / "tiny",
        Card.model_validate({**CARD, "heatmap_layer": heatmap_layer("cnn3")}),
        build("cnn3", (32, 32, 3), 2),
        predictions=pd.DataFrame({"image": ["a"]}),
        history=pd.DataFrame({"epoch": [1]}),
    )


@pytest.fixture(scope="session", autouse=True)
def _quick_pages() -> Iterator[None]:
    """Look for components among the installed packages once, not for each page that is opened.

    That takes longer than most pages do; so does asking a thousand times a second for the end.
    """
    found = manifest_scanner.scan_component_manifests()

    def wait(runner: LocalScriptRunner, timeout: float = 3) -> None:
        assert runner._script_thread
        runner._script_thread.join(timeout)
        require_widgets_deltas(runner, timeout=0.1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_: list(found))
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(scope="session")
def shelf_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf of one sound package and one that has no card."""
    folder = tmp_path_factory.mktemp("shelf")
    save_tiny(folder)
    (folder / "broken").mkdir()
    return folder


@pytest.fixture
def shelf(shelf_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shelf in use, the warm-up switched off, nothing left of earlier tests."""

    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(shelf_folder))
    monkeypatch.setattr(WarmUp, "start", lambda _: None)
    st.cache_resource.clear()
    yield shelf_folder
    st.cache_resource.clear()


@pytest.fixture
def ten(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf whose one model is the user's own, with the ten answers of `made_up_answers`."""
    from tests.pages.made_up_answers import own_model, write_ten  # noqa: PLC0415 - needs the above

    folder = own_model(shelf, home, monkeypatch)
    write_ten(folder)
    return folder


def upload_images(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Give images to the Diagnose page and wait until all are answered."""
    page.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
    return answered(page.run())


def answered(page: AppTest) -> AppTest:
    """Draw the Diagnose page again, as a browser does, until the work in the background ends."""
    return drawn_until_gone(page, "desk_stop", ANSWER_SECONDS)


def drawn_until_gone(page: AppTest, key: str, seconds: float) -> AppTest:
    """Draw a page again, as a browser does, until its button that stops some work is gone."""
    ends = time.monotonic() + seconds
    while any(button.key == key for button in page.button):
        assert time.monotonic() < ends
        time.sleep(0.05)
        page.run()
    assert not page.exception
    return page
