"""A model on an encoder: from a folder to an answer, without its encoder, and elsewhere."""

import json
import shlex
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from core.cli import app
from core.datasets.open import open_dataset
from core.encoders.add import add_encoder
from core.encoders.catalogue import known_encoder
from core.encoders.read import read_given
from core.encoders.shelf import find_encoder, remove_encoder
from core.errors import EncoderError, PackageError, TrainingError
from core.evaluation.calibration import apply_temperature
from core.explain.check import check_explanations
from core.explain.methods.catalogue import methods_for
from core.explain.methods.run import explain
from core.explain.one_pass import explainer
from core.hashing import sha256_of
from core.imaging.phantom import render_phantom
from core.imaging.read import read_image
from core.imaging.resize import resize
from core.inference.classifier import Classifier, get_classifier
from core.registry.card_words import reservations
from core.registry.ensemble import ensemble_card
from core.registry.exchange import export_package, import_package
from core.registry.head import read_head
from core.registry.package import Package, load_model, verify
from core.registry.shelf import find, shelf
from core.registry.travelling import arrived, send_off
from core.registry.used_encoder import without_encoder
from core.slides.answering.network import load_network
from core.training.compare_encoders import EncoderComparison, compare_encoders
from core.training.jobs.start import check
from core.training.judging import measured
from core.training.request.encoder import changes_for
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request, command_of
from core.training.run import train
from tests import made_encoders as made
from tests.core.cluster.elsewhere import copied
from tests.made_slides import write_tiff

CHANGES = ["encoder=toy", "input_size=32", "probe.penalty=[0.1, 1.0]"]


def request(data: Path, *changes: str, name: str = "mine") -> Request:
    return Request(
        recipe=override(load_recipe("probe"), [*CHANGES, *changes]), data=data, name=name
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, tiny_idc: Path) -> Path:
    """A home with the encoder and a model on it."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOBULE_HOME", str(home))
        patch.setattr(
            "core.limited.try_in_a_child",
            lambda _, path, **__: read_given(path),
        )
        made.added(home, commercial="not allowed", input=made.preparation(um_per_px=0.5))
        train(request(tiny_idc))
    return home


@pytest.fixture
def package(kept: Path, home: Path) -> Package:
    shutil.copytree(kept, home, dirs_exist_ok=True)
    return find("mine")


def test_it_travels_with_its_encoder(package: Package, home: Path, tmp_path: Path) -> None:
    travelling, files = send_off(package)
    folders = copied(files, tmp_path / "there")
    squares = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    expected = get_classifier(package).probabilities(squares)
    shutil.rmtree(home / "encoders")
    shutil.rmtree(home / "models")
    found = Classifier(arrived(travelling, folders)).probabilities(squares)
    np.testing.assert_array_equal(found, expected)


def patches(tiny_idc: Path) -> tuple[np.ndarray, np.ndarray]:
    records = open_dataset(tiny_idc).records
    pixels = [resize(read_image(tiny_idc / path).pixels, 32, 32) for path in records["path"]]
    return np.stack(pixels), records["label"].to_numpy()


def test_it_answers_as_its_head_on_features_by_hand(package: Package, tiny_idc: Path) -> None:
    pixels, labels = patches(tiny_idc)
    head = read_head(package.path, package.card)
    logits = made.by_hand(pixels).mean(axis=(1, 2)) @ head.kernel + head.bias
    chances = Classifier(package).probabilities(pixels)
    expected = apply_temperature(logits, package.card.temperature)
    np.testing.assert_allclose(chances, expected, atol=1e-4)
    assert roc_auc_score(labels, chances[:, 1]) > 0.9
    assert Classifier(package).engine_name == "OpenVINO"


def test_a_slide_is_answered_on_it_as_its_tiles_are(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = np.stack([resize(render_phantom(seed, 96, 96, 4.0).pixels, 32, 32) for seed in (1, 2)])
    told = load_network(package).answer(tiles)
    np.testing.assert_allclose(
        told.probabilities, Classifier(package).probabilities(tiles), atol=1e-6
    )
    slide = tmp_path / "slide.tiff"
    write_tiff(slide, [render_phantom(3, 512, 512, 6.2).pixels])
    monkeypatch.setenv("LOBULE_SLIDES", str(tmp_path))
    command = ["slides", "answer", str(slide), "--model", "mine", "--um-per-px", "6.2"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "mine, " in done.output
    assert " tiles, " in done.output


def test_its_card_says_what_it_rests_on_and_what_that_forbids(package: Package) -> None:
    card = package.card
    assert (card.encoder.name, card.encoder.dimension) == ("toy", 24)
    assert "The encoder Toy (MIT), frozen" in card.summary
    assert card.not_for[-1] == "Commercial use: the licence of Toy (MIT) does not allow it."
    assert card.citations[-1] == "Nobody (2026). A toy."
    assert "learnt from images of 0.5 µm/px and is shown 6.2 µm/px" in " ".join(
        card.evaluation.notes
    )
    verify(package.path)


def test_what_its_encoder_forbids_an_ensemble_forbids_once(package: Package) -> None:
    words = "▲ The licence of its encoder (MIT) does not allow commercial use."
    assert words in reservations(package.card)
    seen = package.card.encoder.model_copy(
        update={"seen": "Its encoder saw them.", "sha256": "0" * 64}
    )
    other = package.card.model_copy(update={"name": "second", "encoder": seen})
    both = ensemble_card("both", [package, replace(package, card=other)], "models ensemble")
    assert reservations(both)[-2:] == (words, "▲ Its encoder saw them.")


def test_its_figures_follow_from_predictions_of_patients_held_out(package: Package) -> None:
    predictions = pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})
    aurocs = [
        roc_auc_score(own["label"] == "IDC", own["probability IDC"])
        for _, own in predictions.groupby("patient")
        if own["label"].nunique() == 2
    ]
    assert package.card.evaluation.auroc_within_patients == pytest.approx(np.mean(aurocs), abs=1e-3)


def test_without_its_encoder_it_says_which_one_to_get(package: Package) -> None:
    remove_encoder("toy")
    entry = next(entry for entry in shelf() if entry.name == "mine")
    assert entry.package is None
    for part in ("rests on the encoder 'Toy'", "https://example.org/toy", "licence: MIT"):
        assert part in entry.error
    assert package.card.encoder.made_from in entry.error
    with pytest.raises(PackageError, match="which is not here"):
        Classifier(package)


def test_the_command_that_it_names_brings_the_same_encoder(package: Package, kept: Path) -> None:
    remove_encoder("toy")
    entry = next(entry for entry in shelf() if entry.name == "mine")
    words = shlex.split(entry.error[entry.error.index("python -m core") :])
    assert words[:6] == ["python", "-m", "core", "encoders", "add", "FILE"]
    result = CliRunner().invoke(app, ["encoders", "add", str(kept / "toy.xml"), *words[6:]])
    assert result.exit_code == 0, result.output
    assert find("mine").card.encoder == package.card.encoder


def test_of_a_published_encoder_the_name_is_enough_unless_a_card_only_says_so(
    package: Package,
) -> None:
    remove_encoder("toy")
    uni = known_encoder("uni")
    told = {}
    for features in (uni.features, "mean of tokens"):
        changes = {"known": "uni", "input": uni.input, "features": features}
        used = package.card.encoder.model_copy(update=changes)
        told[features] = without_encoder(package.card.model_copy(update={"encoder": used}))
    assert "encoders add uni --agree --name toy" in told[uni.features]
    assert "encoders add FILE --name toy" in told["mean of tokens"]


def test_what_its_encoders_licence_forbids_holds_whatever_its_card_says(package: Package) -> None:
    path = package.path / "card.json"
    card = json.loads(path.read_text())
    card["encoder"]["commercial"] = "allowed"
    path.write_text(json.dumps(card))
    assert find("mine").card.encoder.commercial == "not allowed"
    assert "does not allow commercial use" in " ".join(reservations(find("mine").card))


@pytest.mark.parametrize("field", ["height", "heatmap_layer"])
def test_a_card_that_does_not_fit_its_encoder_is_refused(package: Package, field: str) -> None:
    card = json.loads((package.path / "card.json").read_text())
    if field == "height":
        card["input"]["height"] = 64
    else:
        card["heatmap_layer"] = "whole image"
    (package.path / "card.json").write_text(json.dumps(card))
    with pytest.raises(PackageError, match="Add the encoder again, or train the model again"):
        Classifier(find("mine"))


def test_what_a_stranger_calls_a_head_is_refused_when_it_comes_in(
    package: Package, tmp_path: Path
) -> None:
    with zipfile.ZipFile(package.path / "head.npz", "w") as archive:
        archive.writestr("kernel.npy", b"no array")
        archive.writestr("bias.npy", b"none either")
    card = json.loads((package.path / "card.json").read_text())
    card["files"]["head.npz"] = sha256_of(package.path / "head.npz")
    (package.path / "card.json").write_text(json.dumps(card))
    with (tmp_path / "mine.zip").open("wb") as sink:
        export_package(find("mine"), sink)
    with pytest.raises(PackageError, match=r"head\.npz"):
        import_package(tmp_path / "mine.zip", "other")


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["2024", "true", "1e3", "2024-01-01"])
def test_a_name_that_looks_like_a_number_is_a_name(tmp_path: Path, name: str) -> None:
    made.added(tmp_path, name)
    recipe = override(load_recipe("probe"), changes_for(name))
    assert recipe.encoder == name
    asked = Request(recipe=recipe, data=tmp_path, name="mine")
    assert f"--encoder {name}" in command_of(asked)


@pytest.mark.usefixtures("package")
def test_another_encoder_of_its_name_does_not_answer_for_it(tmp_path: Path) -> None:
    remove_encoder("toy")
    made.added(tmp_path, input=made.preparation(mean=(0.1, 0.1, 0.1)))
    with pytest.raises(PackageError, match="which is not here"):
        find("mine")


def test_it_goes_to_another_machine_and_waits_for_its_encoder_there(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "mine.zip").open("wb") as sink:
        export_package(package, sink)
    encoder = find_encoder("toy").path
    other = tmp_path / "other"
    monkeypatch.setenv("LOBULE_HOME", str(other))
    done = CliRunner().invoke(app, ["models", "import", str(tmp_path / "mine.zip")])
    assert done.exit_code == 0
    assert "which is not here" in done.stderr
    with pytest.raises(PackageError, match="which is not here"):
        find("mine")
    shutil.copytree(encoder, other / "encoders" / "toy")
    assert find("mine").model_sha256 == package.model_sha256


@pytest.mark.parametrize(
    "content", [b"", b"no numbers", {"kernel": (3, 2)}, {"kernel": (24, 2), "nan": True}]
)
def test_a_head_that_does_not_fit_is_refused(package: Package, content: object) -> None:
    path = package.path / "head.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        kernel = np.ones(content["kernel"], np.float32)
        kernel[0, 0] = np.nan if content.get("nan") else 0
        np.savez(path, kernel=kernel, bias=np.zeros(2, np.float32))
    with pytest.raises(PackageError, match=r"head\.npz"):
        read_head(package.path, package.card)
    with pytest.raises(PackageError, match=r"head\.npz is changed"):
        verify(package.path)


def test_what_needs_a_keras_network_says_that_there_is_none(package: Package) -> None:
    with pytest.raises(PackageError, match="rests on the encoder 'Toy' and has no Keras network"):
        load_model(package)
    inputs = made.squares(1)
    with pytest.raises(PackageError, match="Choose one of: gradcam, scorecam, occlusion"):
        explain(Classifier(package), inputs, 1, "smoothgrad")


def test_its_heatmap_is_what_each_place_adds_to_the_class(package: Package) -> None:
    inputs = made.squares(2)
    classifier = Classifier(package)
    head = read_head(package.path, package.card)
    expected = np.maximum(made.by_hand(inputs) @ head.kernel[:, 1] / 16, 0)
    explained = explainer(classifier, package.card.heatmap_layer)(inputs, 1)
    np.testing.assert_allclose(explained.heatmaps, expected, atol=1e-5)
    assert list(methods_for(package)) == ["gradcam", "scorecam", "occlusion"]
    for method in methods_for(package):
        maps = explain(classifier, inputs, 1, method)
        assert maps.shape == (2, 32, 32)
        assert maps.max() == 1


def test_the_randomisation_test_leaves_the_model_as_it_was(package: Package) -> None:
    classifier, inputs = Classifier(package), made.squares(2)
    before = classifier.probabilities(inputs)
    test = check_explanations(classifier, inputs, "noise")
    assert [check.method for check in test.methods] == ["gradcam", "scorecam", "occlusion"]
    assert test.layers == 3  # the head and two convolutions
    occluded = next(check for check in test.methods if check.method == "occlusion")
    assert not occluded.unchanged
    np.testing.assert_array_equal(classifier.probabilities(inputs), before)


def test_another_penalty_computes_no_features_again(
    package: Package, tiny_idc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("features were computed again")

    monkeypatch.setattr(measured, "FeatureNetwork", lambda _: never)
    monkeypatch.setattr(measured, "measure_colours", never)
    again = train(request(tiny_idc, "probe.penalty=0.1", name="again"))
    assert again.card.encoder == package.card.encoder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["encoder=none"], "There is no encoder called 'none'. Encoders at hand: toy"),
        (['encoder=""'], "needs an encoder; at hand are: toy"),
        (["input_size=64"], "takes 32×32 px and the recipe says input_size=64. Set input_size=32"),
    ],
)
@pytest.mark.usefixtures("package")
def test_an_encoder_that_does_not_fit_is_refused_before_training(
    tiny_idc: Path, changes: list[str], words: str
) -> None:
    asked = request(tiny_idc, *changes, name="other")
    with pytest.raises((EncoderError, TrainingError), match=words):
        check(asked)
    with pytest.raises((EncoderError, TrainingError), match=words):
        train(asked)


@pytest.fixture(scope="module")
def comparison(kept: Path, tiny_idc: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("comparison")
    shutil.copytree(kept, home, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOBULE_HOME", str(home))
        patch.setattr("core.limited.try_in_a_child", lambda _, path, **__: read_given(path))
        add_encoder(made.convolutional(home / "other.xml", seed=5), made.about("other"))
        return compare_encoders(request(tiny_idc), ["toy", "other"])


def test_encoders_are_compared_in_the_same_folds_beside_colour(
    comparison: EncoderComparison, package: Package
) -> None:
    by_name = {each.name: each for each in comparison.compared}
    assert by_name["toy"].evaluation.auroc == package.card.evaluation.auroc
    best, other = comparison.compared
    assert best.behind_best is None
    assert best.name == comparison.charged.best
    assert other.behind_best.difference == pytest.approx(
        best.evaluation.auroc_within_patients - other.evaluation.auroc_within_patients, abs=0.2
    )
    for each in comparison.compared:
        assert each.beyond_colour.first - each.beyond_colour.second == pytest.approx(
            each.beyond_colour.difference
        )
        assert each.megabytes == pytest.approx(0.005, abs=0.003)
        assert each.milliseconds > 0


def test_how_far_an_encoder_tells_patients_is_the_auroc_of_likeness(
    comparison: EncoderComparison, tiny_idc: Path
) -> None:
    pixels, labels = patches(tiny_idc)
    patients = open_dataset(tiny_idc).records["patient"].to_numpy()
    features = made.by_hand(pixels).mean(axis=(1, 2))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    pairs = [(i, j) for i in range(len(labels)) for j in range(i) if labels[i] == labels[j]]
    alike = [
        features[i] @ features[j] / np.linalg.norm(features[i]) / np.linalg.norm(features[j])
        for i, j in pairs
    ]
    same = [patients[i] == patients[j] for i, j in pairs]
    toy = next(each for each in comparison.compared if each.name == "toy")
    assert toy.tells_patients == pytest.approx(roc_auc_score(same, alike), abs=1e-3)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("names", [[], ["toy", "toy"], ["toy", "none"]])
def test_what_cannot_be_compared_is_refused(tiny_idc: Path, names: list[str]) -> None:
    with pytest.raises((EncoderError, TrainingError)):
        compare_encoders(request(tiny_idc), names)


@pytest.mark.usefixtures("package")
def test_a_recipe_that_trains_its_network_does_not_stand_beside(tiny_idc: Path) -> None:
    with pytest.raises(TrainingError, match="trains its network"):
        compare_encoders(request(tiny_idc), ["toy"], ["cnn3"])


def test_the_command_prints_a_table_and_what_choosing_costs(
    comparison: EncoderComparison, monkeypatch: pytest.MonkeyPatch, tiny_idc: Path
) -> None:
    monkeypatch.setattr(
        "core.training.compare_encoders.compare_encoders", lambda *_, **__: comparison
    )
    command = ["encoders", "compare", "toy", "other", "--data", str(tiny_idc)]
    shown = CliRunner().invoke(app, command).output
    assert "| encoder | AUROC |" in shown
    assert "| colour alone |" in shown
    assert f"choosing {comparison.charged.best} on these patients flatters by" in shown
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).output)
    assert told["best"] == comparison.charged.best
    assert {each["name"] for each in told["encoders"]} == {"toy", "other"}
