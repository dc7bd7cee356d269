"""From unlabelled images to an encoder that says whom it saw."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from core.assessment.assess import assess
from core.cli import app
from core.datasets.open import open_dataset
from core.encoders.features import FeatureNetwork
from core.encoders.read import read_given
from core.encoders.shelf import encoders, find_encoder
from core.errors import EncoderError, Stopped, TrainingError
from core.registry.card_words import reservations
from core.training.fitting.progress import Row
from core.training.pretraining import run as module
from core.training.pretraining.run import PretrainRequest, PretrainResult, pretrain
from core.training.pretraining.twins import described
from core.training.request.encoder import changes_for
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request
from core.training.run import train
from core.training.watch import Watch
from tests.core.training.pretraining import small


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "start_of", lambda _: small.network())
    monkeypatch.setattr("core.limited.try_in_a_child", lambda _, path, **__: read_given(path))


def judged(monkeypatch: pytest.MonkeyPatch, *worth: float) -> None:
    """Find epochs to be worth this."""
    given = iter(worth)
    monkeypatch.setattr(module, "auroc_of", lambda *_: next(given))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, tiny_idc: Path) -> tuple[Path, Any]:
    """A home with an encoder of two epochs, and the network that it was made of."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        network = small.network()
        patch.setenv("LOBULE_HOME", str(home))
        patch.setattr(module, "start_of", lambda _: network)
        patch.setattr("core.limited.try_in_a_child", lambda _, path, **__: read_given(path))
        judged(patch, 0.6, 0.7, 0.8)
        settings = small.settings("batch_size=64")
        pretrain(PretrainRequest(settings, tiny_idc, "mine", labelled=tiny_idc))
    return home, network


@pytest.fixture
def mine(kept: tuple[Path, Any], home: Path) -> keras.Model:
    shutil.copytree(kept[0], home, dirs_exist_ok=True)
    return kept[1]


def test_the_encoder_answers_as_the_network_that_was_pretrained(mine: keras.Model) -> None:
    encoder = find_encoder("mine")
    expected = described(mine).predict_on_batch(small.PIXELS)
    answered = FeatureNetwork(encoder)(small.PIXELS)
    np.testing.assert_allclose(answered, expected, atol=1e-4)
    assert (encoder.card.dimension, encoder.card.maps, encoder.card.grid) == (8, "exact", (7, 7))


@pytest.mark.usefixtures("mine")
def test_its_card_says_what_and_whom_it_saw(home: Path, tiny_idc: Path) -> None:
    card = find_encoder("mine").card
    learnt = card.pretrained
    assert learnt.patients == learnt.labelled_patients == tuple("12345678")
    assert learnt.fingerprint == open_dataset(tiny_idc).fingerprint
    assert (learnt.images, learnt.epoch, learnt.epochs) == (140, 2, 2)
    assert (learnt.auroc_of_start, learnt.auroc) == (0.6, 0.8)
    assert "Barlow Twins on 140 images of 8 patients of IDC" in card.source
    assert card.sha256 == card.model_copy(update={"pretrained": None}).sha256
    assert not (home / "pretraining" / "mine").exists()


@pytest.mark.usefixtures("mine")
def test_a_model_judged_on_patients_whom_it_saw_wears_a_mark(tiny_idc: Path) -> None:
    recipe = override(load_recipe("probe"), [*changes_for("mine"), "probe.penalty=0.1"])
    package = train(Request(recipe=recipe, data=tiny_idc, name="model"))
    assert (
        "▲ Its encoder saw all of these images before, without labels (IDC). The labels of all of "
        "these images chose the encoder: figures on them flatter."
    ) in reservations(package.card)
    judged_on = open_dataset(tiny_idc)
    records = judged_on.records.replace({"patient": {"1": "01", "2": "22", "3": "33"}})
    others = replace(judged_on, records=records)
    assert assess(package, others).warnings[0] == (
        "Its encoder saw images of 6 of 8 patients before, without labels (IDC). The labels of "
        "images of 6 of 8 patients chose the encoder: figures on them flatter."
    )
    result = CliRunner().invoke(app, ["encoders", "compare", "mine", "--data", str(tiny_idc)])
    assert "▲ mine: Its encoder saw all of these images before" in result.output


def test_no_epoch_that_wins_is_told_and_nothing_kept(
    tmp_path: Path, tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, 0.8, 0.8, 0.7)
    recipe = tmp_path / "mine.toml"
    settings = small.settings().model_dump(mode="json", exclude={"name"})
    tables = settings.pop("augmentation")
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    lines += ["[augmentation]", *(f"{n} = {json.dumps(v)}" for n, v in tables.items())]
    recipe.write_text("\n".join(lines))
    data = small.pictures(tmp_path / "pictures")
    words = ["--data", str(data), "--labelled", str(tiny_idc), "--name", "mine"]
    result = CliRunner().invoke(app, ["encoders", "pretrain", *words, "--recipe", str(recipe)])
    assert result.exit_code == 1
    assert "No epoch of 2 beat the ImageNet start" in result.output
    assert "0.800): no encoder was kept" in result.output
    assert encoders() == []


def test_what_is_not_worth_keeping_so_far_can_still_go_on(tmp_path: Path, home: Path) -> None:
    class Stopping(Watch):
        stopping = False

        def epoch(self, values: Row) -> None:
            self.stopping = values["epoch"] == 0

        def cancelled(self) -> bool:
            return self.stopping

    request = PretrainRequest(small.settings(), small.pictures(tmp_path / "pictures"), "mine")
    with pytest.raises(Stopped):
        pretrain(request, Stopping())
    so_far = replace(request, no_further=True)
    result = pretrain(so_far)
    assert (result.encoder, len(result.history)) == (None, 1)
    (state,) = (home / "pretraining" / "mine").glob("state-*.npz")
    state.write_bytes(b"torn")
    with pytest.raises(TrainingError, match=r"No epoch of .*'mine' is whole.*without --so-far"):
        pretrain(so_far)
    assert state.parent.is_dir()


def test_the_start_itself_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    settings = small.settings("epochs=0", "warm_up_epochs=0")
    data = small.pictures(tmp_path / "pictures")
    result = pretrain(PretrainRequest(settings, data, "start"))
    assert result.encoder is not None
    card = result.encoder.card
    assert card.pretrained is None
    assert card.commercial == "allowed"
    start = described(small.network()).predict_on_batch(small.PIXELS)
    np.testing.assert_allclose(FeatureNetwork(result.encoder)(small.PIXELS), start, atol=1e-4)


def refused(data: Path, **how: object) -> PretrainResult:
    how = {"settings": small.settings(), "data": data, "name": "mine"} | how
    return pretrain(PretrainRequest(**how))


def test_what_cannot_work_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    data = small.pictures(tmp_path / "pictures")
    with pytest.raises(EncoderError, match="cannot be called"):
        refused(data, name="No Name")
    with pytest.raises(TrainingError, match="gives 12 squares, fewer than batch_size=64"):
        refused(data, settings=small.settings("batch_size=64"))
    with pytest.raises(TrainingError, match="nothing to keep"):
        refused(data, no_further=True)
