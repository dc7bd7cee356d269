"""Whom the encoder behind a model saw, without labels, is told of whatever it is judged on."""

from dataclasses import replace
from pathlib import Path

from core.assessment.known import seen_by_encoder
from core.datasets.open import open_dataset
from core.encoders.card import EncoderCard, Pretrained
from core.encoders.shelf import remove_encoder
from core.registry.card_parts import UsedEncoder
from core.registry.package import Package
from tests import made_encoders as made


def pretrained(folder: Path, home: Path, *patients: str) -> EncoderCard:
    """An encoder at hand that saw these patients."""
    learnt = Pretrained(
        method="Barlow Twins",
        recipe={},
        dataset="slides",
        fingerprint="b" * 64,
        images=40,
        patients=patients,
        epoch=1,
        epochs=2,
    )
    card = made.added(folder).card.model_copy(update={"pretrained": learnt})
    (home / "encoders" / card.name / "card.json").write_text(card.to_json())
    return card


def on(package: Package, encoder: EncoderCard) -> Package:
    """A model as if it rested on an encoder."""
    same = {name: getattr(encoder, name) for name in UsedEncoder.model_fields if name != "seen"}
    used = UsedEncoder(**same)
    return replace(package, card=package.card.model_copy(update={"encoder": used}))


def test_whom_the_encoder_saw_is_told_as_long_as_it_is_here(
    package: Package, tmp_path: Path, home: Path, tiny_idc: Path
) -> None:
    dataset = open_dataset(tiny_idc)
    assert seen_by_encoder(package, dataset) == ()
    model = on(package, pretrained(tmp_path, home, "1+2", "007", "999"))
    said = "Its encoder saw images of 3 of 8 patients before, without labels (slides)."
    assert seen_by_encoder(model, dataset) == (said,)
    both = package.card.model_copy(update={"name": "both"})
    ensemble = Package(package.path, both, members=(model,))
    assert seen_by_encoder(ensemble, dataset) == (f"{model.card.name}: {said}",)
    remove_encoder("toy")
    assert seen_by_encoder(model, dataset) == ()
