"""From a file made elsewhere to a model among the others, judged or not."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.adoption.adopt import adopt, stated_spec
from core.adoption.foreign import Foreign, read_foreign
from core.adoption.request import Adoption
from core.adoption.trial import try_scalings
from core.choice import choose
from core.datasets.open import open_dataset
from core.errors import LobuleError, NoModelError, Stopped
from core.evaluation.conformal import LEVEL
from core.explain.one_pass import explainer
from core.imaging.read import read_image
from core.inference.classifier import get_classifier
from core.registry.card_words import MAYBE_MET, NEVER_JUDGED_HERE, reservations
from core.registry.exchange import export_package, import_package
from core.registry.package import Package, load_model, load_package
from core.registry.shelf import activate, active_name, answers_by_itself, find, shelf
from core.training.ensemble import make_ensemble
from tests.core.adoption.conftest import patches
from tests.core.adoption.habits import HABITS, small

pytestmark = pytest.mark.slow

CLASSES = ("no IDC", "IDC")
UNJUDGED = Adoption("theirs", CLASSES, um_per_px=4.0, field_um=200.0, scaling="signed")


@pytest.fixture(scope="module")
def judged(foreign: Foreign, tiny_idc: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The trained network, judged on the made-up patients, its scaling found out there."""
    folder = tmp_path_factory.mktemp("judged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOBULE_HOME", str(folder))
        patch.setenv("LOBULE_SHIPPED_MODELS", str(folder / "none"))
        return adopt(foreign, Adoption("judged", CLASSES, data=tiny_idc, unseen=True))


@pytest.mark.usefixtures("no_others")
def test_without_a_folder_the_card_says_that_nobody_judged_it(foreign: Foreign) -> None:
    package = adopt(foreign, UNJUDGED)
    card = package.card
    assert card.evaluation is card.scope is card.conformal is card.operating_point is None
    assert reservations(card) == (NEVER_JUDGED_HERE,)
    assert (card.classes, card.head, card.temperature) == (CLASSES, "sigmoid", 1.0)
    assert (card.input.field_um, card.input.um_per_px) == (200.0, 4.0)
    assert card.heatmap_layer == "last"
    assert card.origin
    assert (card.origin.file, card.origin.scaling_by) == ("theirs.h5", "stated")
    assert set(card.files) == {"model.keras", "graph.npz"}
    assert load_package(package.path).card == card


@pytest.mark.usefixtures("no_others")
def test_the_package_answers_as_the_network_did_and_explains_itself(
    foreign: Foreign, made_elsewhere: Path, tiny_idc: Path
) -> None:
    import keras  # noqa: PLC0415 - takes seconds

    pixels, _ = patches(tiny_idc, range(1, 3))
    right = keras.models.load_model(made_elsewhere, compile=False).predict(
        pixels / 127.5 - 1, verbose=0
    )
    classifier = get_classifier(adopt(foreign, UNJUDGED))
    np.testing.assert_allclose(classifier.probabilities(pixels)[:, 1], right[:, 0], atol=1e-5)
    explained = explainer(classifier, "last")(pixels, None)
    assert explained.heatmaps.shape == (len(pixels), 7, 7)
    assert explained.heatmaps.max() > 0
    swapped = adopt(foreign, replace(UNJUDGED, name="swapped", positive="no IDC"))
    assert swapped.card.classes == ("IDC", "no IDC")
    chances = get_classifier(swapped).probabilities(pixels)
    np.testing.assert_allclose(chances[:, 1], 1 - right[:, 0], atol=1e-5)


@pytest.mark.usefixtures("no_others")
def test_it_goes_out_and_comes_back(foreign: Foreign, tmp_path: Path) -> None:
    package = adopt(foreign, UNJUDGED)
    export_package(package, tmp_path / "out.zip")
    assert load_model(import_package(tmp_path / "out.zip", "again"))
    assert find("again").card.origin == package.card.origin


def test_a_folder_yields_all_that_training_yields(judged: Package) -> None:
    card = judged.card
    result = card.evaluation
    assert result
    assert card.scope
    assert card.conformal
    assert card.operating_point
    assert set(card.files) == {"graph.npz", "model.keras", "predictions.csv", "scope.json"}
    assert (result.images, result.patients) == (120, 6), "those with images of both classes"
    assert not result.leaky
    assert card.input.field_um == 200.0
    assert card.input.um_per_px == 4.0
    assert card.conformal.level == LEVEL
    assert len(card.operating_points) == 3
    assert card.operating_point.positive_class == "IDC"
    assert result.robustness
    assert len(result.stain_shift) == 2
    assert any("its training images are not known" in note for note in result.notes)


def test_its_figures_are_those_of_its_own_answers_on_the_folder(
    judged: Package, tiny_idc: Path
) -> None:
    """The ranking within a patient hangs on nothing that was chosen: only the network counts."""
    assert judged.card.evaluation
    network = load_model(judged)
    for result in judged.card.evaluation.by_patient:
        pixels, labels = [], []
        for path in sorted((tiny_idc / result.patient).rglob("*.png")):
            pixels.append(cv2.resize(cv2.imread(str(path))[..., ::-1], (32, 32), interpolation=3))
            labels.append(int(path.stem[-1]))
        answers = np.asarray(network(np.stack(pixels)))[:, 0]
        assert result.auroc == pytest.approx(roc_auc_score(labels, answers), abs=0.011)


def test_its_scaling_is_found_out_and_said_with_its_figures(judged: Package) -> None:
    assert judged.card.origin
    assert judged.card.evaluation
    assert (judged.card.origin.scaling, judged.card.origin.scaling_by) == ("−1 to 1", "trial")
    (note,) = [note for note in judged.card.evaluation.notes if "proposed by trial" in note]
    assert "on 140 images" in note
    assert "same in 6 of 6 folds" in note
    assert "0 to 1: " in note


def test_the_trial_ranks_scalings_by_what_they_judge(foreign: Foreign, tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc)
    paths = [tiny_idc / path for path in dataset.records["path"]]
    pixels = np.stack([cv2.resize(read_image(path).pixels, (32, 32)) for path in paths])
    trial = try_scalings(foreign, dataset, pixels, (0, 1))
    results = trial.results()
    assert results[0].scaling == "signed"
    aurocs = [result.auroc for result in results]
    assert aurocs == sorted(aurocs, reverse=True) or results[0].loss <= results[1].loss
    labels = dataset.records["label"].to_numpy()
    one_class = trial.results(np.flatnonzero(labels == 1))
    assert {result.auroc for result in one_class} == {None}
    assert [result.loss for result in one_class] == sorted(result.loss for result in one_class)
    pieces = trial.answers["signed"].probabilities
    assert pieces.shape == (140, 2)


@pytest.mark.usefixtures("no_others")
def test_labels_of_a_patient_choose_nothing_that_they_are_judged_by(
    foreign: Foreign, tiny_idc: Path, tmp_path: Path
) -> None:
    """Thresholds and temperature of a patient stay as they are when their labels are swapped."""

    def copied(name: str, swapped: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for path in sorted(tiny_idc.rglob("*.png")):
            label = int(path.stem[-1])
            own = path.name.startswith(f"{swapped}_")
            new = path.name.replace(f"class{label}", f"class{1 - label}") if own else path.name
            shutil.copy(path, folder / new)
        return folder

    request = Adoption("one", CLASSES, data=copied("as", "none"), scaling="signed", unseen=True)
    before = adopt(foreign, request)
    after = adopt(foreign, replace(request, name="two", data=copied("swapped", "1")))
    first, second = (
        {row.patient: row.threshold for row in package.card.evaluation.by_patient}
        for package in (before, after)
        if package.card.evaluation
    )
    assert first["1"] == second["1"]
    assert {person for person in first if first[person] != second[person]}, "others' do change"


@pytest.mark.usefixtures("no_others")
def test_unless_somebody_states_it_the_patients_may_have_been_met(
    foreign: Foreign, tiny_idc: Path
) -> None:
    card = adopt(foreign, Adoption("met", CLASSES, data=tiny_idc, scaling="signed")).card
    assert card.evaluation
    assert card.evaluation.leaky
    assert card.untested
    assert reservations(card)[0] == MAYBE_MET


def by_name(name: str) -> bool:
    """Whether a model may answer by itself."""
    return answers_by_itself(next(entry for entry in shelf() if entry.name == name))


def test_one_that_nobody_judged_never_answers_by_itself(
    foreign: Foreign,
    judged: Package,
    no_others: Path,
    tiny_idc: Path,
) -> None:
    adopt(foreign, UNJUDGED)
    image = read_image(next((tiny_idc / "1").rglob("*.png")))
    with pytest.raises(NoModelError, match="not judged"):
        choose(image, 4.0)
    with pytest.raises(LobuleError, match="not judged: theirs"):
        active_name()
    activate("theirs")
    assert active_name() == "theirs", "who activates it asks for it by name"
    assert not by_name("theirs")
    with pytest.raises(NoModelError):
        choose(image, 4.0)
    adopt(foreign, replace(UNJUDGED, name="second", scaling="unit"))
    make_ensemble("both", ["theirs", "second"])
    assert not by_name("both"), "nor in company"
    shutil.copytree(judged.path, no_others / "judged")
    card = json.loads((no_others / "judged" / "card.json").read_text())
    card["evaluation"]["decided"] = None  # six patients are too few to decide by: not the matter
    (no_others / "judged" / "card.json").write_text(json.dumps(card))
    assert by_name("judged")
    route = choose(image, 4.0)
    assert route.package.card.name == "judged"
    said = dict(route.chosen.others)
    assert "not judged" in said["theirs"]
    assert "not judged" in said["both"]


@pytest.mark.usefixtures("no_others")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ("a",)}, "tells 2 classes apart"),
        ({"classes": ("a", "b", "c")}, "3 were named"),
        ({"classes": ("IDC", "idc ")}, "a name of its own"),
        ({"classes": ("left", "right")}, "do not say which"),
        ({"positive": "tumour"}, "is not one of"),
        ({"um_per_px": 4000.0}, "4000 µm/px"),
        ({"um_per_px": None, "field_um": None}, "The scale is unknown"),
        ({"scaling": None}, "How colours are scaled is not known"),
        ({"name": "../up"}, "cannot be called"),
    ],
)
def test_what_is_stated_wrongly_is_said_and_nothing_comes(
    foreign: Foreign, home: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(LobuleError, match=words):
        adopt(foreign, replace(UNJUDGED, **changes))  # type: ignore[arg-type]
    assert not (home / "models").exists()


@pytest.mark.usefixtures("no_others")
def test_folders_that_cannot_judge_are_refused_and_nothing_comes(
    foreign: Foreign, home: Path, tiny_idc: Path, tmp_path: Path, draw: Callable[..., Path]
) -> None:
    def refusal(folder: Path, **changes: object) -> str:
        with pytest.raises(LobuleError) as caught:
            adopt(foreign, replace(UNJUDGED, data=folder, **changes))  # type: ignore[arg-type]
        assert not (home / "models").exists()
        return str(caught.value)

    few = tmp_path / "few"
    for patient in ("1", "2"):
        shutil.copytree(tiny_idc / patient, few / patient)
    assert "Too few images to judge" in refusal(few)
    strangers = tmp_path / "strangers"
    for label in ("no IDC", "IDC"):
        for number in range(4):
            draw(strangers / label / f"{number}.png", 32, 32, number)
    assert "patients of the images" in refusal(strangers)
    assert "Give a dataset with the model's classes" in refusal(
        tiny_idc, classes=("benign", "malignant")
    )
    assert "show 200 µm" in refusal(tiny_idc, um_per_px=None, field_um=900.0)
    assert "There is no folder" in refusal(tmp_path / "nowhere")


@pytest.mark.usefixtures("no_others")
def test_who_stops_it_leaves_nothing_behind(foreign: Foreign, home: Path, tiny_idc: Path) -> None:
    def stop(stage: str, _: float) -> None:
        if stage == "Judging":
            raise Stopped

    with pytest.raises(Stopped):
        adopt(foreign, replace(UNJUDGED, data=tiny_idc), stop)
    assert not (home / "models").exists()


@pytest.mark.usefixtures("no_others")
def test_a_network_that_scales_itself_needs_no_word_on_it(tmp_path: Path) -> None:
    HABITS["sequential"][0]().save(tmp_path / "sequential.keras")
    request = replace(UNJUDGED, scaling=None)
    card = adopt(read_foreign(tmp_path / "sequential.keras"), request).card
    assert card.origin
    assert card.origin.scaling == "0 to 255, as they are"


@pytest.mark.usefixtures("no_others")
def test_more_than_two_classes_have_no_positive_one(tmp_path: Path) -> None:
    small(3, None).save(tmp_path / "three.keras")
    foreign = read_foreign(tmp_path / "three.keras")
    request = replace(UNJUDGED, classes=("a", "b", "c"))
    card = adopt(foreign, request).card
    assert (card.task, card.classes, card.positive_index) == ("subtype", ("a", "b", "c"), None)
    with pytest.raises(LobuleError, match="have none"):
        adopt(foreign, replace(request, name="other", positive="a"))


def test_the_field_follows_from_scale_and_size() -> None:
    spec = stated_spec(replace(UNJUDGED, field_um=None), 50)
    assert (spec.field_um, spec.um_per_px) == (200.0, 4.0)
    spec = stated_spec(replace(UNJUDGED, um_per_px=None, field_um=224.0), 224)
    assert (spec.field_um, spec.um_per_px) == (224.0, 1.0)
