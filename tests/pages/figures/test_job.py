"""Judging a model on a dataset in the background."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

import core.assessment.assess
import core.datasets.open
from core.assessment.assess import JUDGING
from core.assessment.changed import STAGE
from core.errors import DatasetError, Stopped
from core.registry.package import Package, load_package
from pages.figures.job import EvaluationJob, Judged, evaluate_anew, evaluation_of
from tests.pages.conftest import NEGATIVE, POSITIVE

SECONDS = 30


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def job(shelf: Path, tmp_path: Path) -> EvaluationJob:
    return EvaluationJob(load_package(shelf / "tiny"), tmp_path)


def ended(job: EvaluationJob) -> EvaluationJob:
    deadline = time.monotonic() + SECONDS
    while job.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not job.running
    return job


def pretend(monkeypatch: pytest.MonkeyPatch, assess: Callable[..., Any]) -> None:
    class Opened:
        fingerprint = "f" * 64
        classes = (NEGATIVE, POSITIVE)
        positive_stated = False

    monkeypatch.setattr(core.datasets.open, "open_dataset", lambda *_, **__: Opened())
    monkeypatch.setattr(core.assessment.assess, "assess", assess)


def test_what_is_wrong_with_a_dataset_is_a_sentence(job: EvaluationJob) -> None:
    job.start()
    assert ended(job).error
    assert "Traceback" not in str(job.error)
    assert not job.stopped


def test_stopped_while_it_answers_it_keeps_nothing(
    job: EvaluationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def work(
        _package: object,
        _dataset: object,
        told: Callable[[str, float], None],
        *,
        robustness: bool,
    ) -> None:
        assert robustness
        told("Answering images", 0.5)
        reached.set()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.01)
            told("Answering images", 0.5)

    pretend(monkeypatch, work)
    job.start()
    assert reached.wait(SECONDS)
    assert (job.stage, job.share) == ("Answering images", 0.5)
    job.stop()
    assert ended(job).stopped
    assert job.error is None
    assert job.assessment is None


def test_stopped_at_changed_images_it_keeps_the_figures(job: EvaluationJob) -> None:
    job.stop()
    with pytest.raises(Stopped):
        job.report(STAGE, 0.5)
    for stage in JUDGING:  # goes on to its end
        job.report(stage)
    assert job.stage == JUDGING[-1]
    assert job.stopping


def test_the_same_question_is_one_job_until_it_is_asked_anew(
    job: EvaluationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def wait(*_: object, **__: object) -> None:
        gate.wait(SECONDS)
        raise DatasetError("Enough.")

    pretend(monkeypatch, wait)
    assert evaluation_of(job.package, Judged(job.path)) is None
    evaluate_anew(job.package, Judged(job.path))
    first = evaluation_of(job.package, Judged(job.path))
    evaluate_anew(job.package, Judged(job.path))
    assert evaluation_of(job.package, Judged(job.path)) is first
    gate.set()
    assert first is not None
    ended(first)
    evaluate_anew(job.package, Judged(job.path))
    assert evaluation_of(job.package, Judged(job.path)) is not first


@pytest.mark.parametrize(
    "calibrated_anew", [{"temperature": 2.0}, {"threshold": 0.5}], ids=["temperature", "point"]
)
def test_a_model_calibrated_anew_is_another_question(
    job: EvaluationJob, monkeypatch: pytest.MonkeyPatch, calibrated_anew: dict[str, float]
) -> None:
    pretend(monkeypatch, refuse)
    evaluate_anew(job.package, Judged(job.path))
    first = evaluation_of(job.package, Judged(job.path))
    assert first is not None
    ended(first)
    other = changed(job.package, **calibrated_anew)
    assert other.model_sha256 == job.package.model_sha256
    assert evaluation_of(other, Judged(job.path)) is None
    evaluate_anew(other, Judged(job.path))
    second = evaluation_of(other, Judged(job.path))
    assert second is not None
    ended(second)
    assert evaluation_of(job.package, Judged(job.path)) is first
    # Another title changes no answer.
    card = job.package.card.model_copy(update={"title": "Other"})
    assert evaluation_of(replace(job.package, card=card), Judged(job.path)) is first


def refuse(*_: object, **__: object) -> None:
    raise DatasetError("No.")


def changed(
    package: Package, temperature: float | None = None, threshold: float | None = None
) -> Package:
    """The same network with another temperature or threshold."""
    update: dict[str, Any] = {}
    if temperature is not None:
        update["temperature"] = temperature
    if threshold is not None:
        point = package.card.operating_point
        assert point is not None
        update["operating_point"] = point.model_copy(update={"threshold": threshold})
    return replace(package, card=package.card.model_copy(update=update))


def two_words(folder: Path, draw: Callable[..., Path], *names: str) -> Path:
    for name in names:
        draw(folder / name / "1.png")
    return folder


def test_two_classes_that_settle_nothing_are_handed_on_to_be_asked_for(
    job: EvaluationJob, tmp_path: Path, draw: Callable[..., Path]
) -> None:
    two_words(tmp_path, draw, "a", "x")
    job.start()
    assert "do not say which is positive" in str(ended(job).error)
    assert job.undecided == ("a", "x")


def test_classes_of_other_words_than_the_models_are_asked_for_too(
    job: EvaluationJob, tmp_path: Path, draw: Callable[..., Path]
) -> None:
    two_words(tmp_path, draw, "normal", "metastasis")
    job.start()
    assert "tells" in str(ended(job).error)
    assert job.undecided == ("normal", "metastasis")
    stated = EvaluationJob(job.package, tmp_path, "metastasis")
    stated.start()
    assert ended(stated).assessment is not None
    assert stated.undecided == ()


def test_the_stated_class_and_grouping_are_other_evaluations(
    job: EvaluationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, lambda *_, **__: None)
    evaluate_anew(job.package, Judged(job.path, "x"))
    assert evaluation_of(job.package, Judged(job.path)) is None
    assert evaluation_of(job.package, Judged(job.path, "a")) is None
    assert evaluation_of(job.package, Judged(job.path, "x", group_neighbours=True)) is None
    started = evaluation_of(job.package, Judged(job.path, "x"))
    assert started
    assert started.positive == "x"
    ended(started)
