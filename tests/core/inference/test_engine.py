"""Which engine answers, and that both answer alike."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import SettingsError
from core.explain.gradcam import GradCAM
from core.explain.one_pass import explainable_layers, explainer
from core.imaging.overlay import encode_png
from core.imaging.phantom import render_phantom
from core.inference import engine as engines
from core.inference.classifier import Classifier
from core.registry.card import Card
from core.registry.exchange import export_package, import_package
from core.registry.files import GRAPH_FILE
from core.registry.package import Package, save_package
from tests.core.conftest import card_content, tiny_model

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def with_graph(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("graph") / "tiny"
    return save_package(folder, Card.model_validate(card_content()), tiny_model(), graph=True)


def inputs() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_both_answer_alike(with_graph: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GRAPH_FILE in with_graph.card.files
    by_engine = Classifier(with_graph)
    monkeypatch.setenv("LOBULE_ENGINE", "tensorflow")
    by_tensorflow = Classifier(with_graph)
    assert (by_engine.engine_name, by_tensorflow.engine_name) == ("OpenVINO", "TensorFlow")
    np.testing.assert_allclose(
        by_engine.logits(inputs()), by_tensorflow.logits(inputs()), atol=1e-4
    )
    layers = explainable_layers(by_engine)
    assert layers == explainable_layers(by_tensorflow)
    assert "last_conv" in layers
    for layer in layers:
        for target in (None, 0, 1):
            first, second = (
                explainer(each, layer)(inputs(), target) for each in (by_engine, by_tensorflow)
            )
            np.testing.assert_allclose(first.heatmaps, second.heatmaps, atol=1e-4)
            np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-4)


def test_the_setting_decides(
    with_graph: Package, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "gpu_at_hand", lambda: True)
    assert not engines.uses_engine(with_graph)
    monkeypatch.setenv("LOBULE_ENGINE", "openvino")
    assert engines.uses_engine(with_graph)
    assert not engines.uses_engine(package)  # it carries no graph
    monkeypatch.setenv("LOBULE_ENGINE", "abacus")
    with pytest.raises(SettingsError, match="LOBULE_ENGINE"):
        engines.uses_engine(with_graph)


def test_a_home_that_cannot_be_written_only_compiles_anew(with_graph: Package, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "cache").write_text("in the way")
    assert Classifier(with_graph).logits(inputs()).shape == (5, 2)


def test_what_comes_from_elsewhere_gets_its_own_graph(with_graph: Package, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    other = tiny_model()
    other.get_layer("last_conv").set_weights(
        [-weight for weight in other.get_layer("last_conv").get_weights()]
    )
    forged = save_package(
        tmp_path / "in" / "tiny", Card.model_validate(card_content()), other, graph=True
    )
    # A graph that says something else than its network, and a card that vouches for both.
    (forged.path / GRAPH_FILE).write_bytes((with_graph.path / GRAPH_FILE).read_bytes())
    files = forged.card.files | {GRAPH_FILE: with_graph.card.files[GRAPH_FILE]}
    card = forged.card.model_copy(update={"files": files})
    (forged.path / "card.json").write_text(card.to_json())
    export_package(Package(forged.path, card), tmp_path / "tiny.zip")
    imported = import_package(tmp_path / "tiny.zip", "foreign")
    engine = Classifier(imported)
    expected, _ = GradCAM(other, "last_conv")(inputs(), 0)
    assert engine.engine_name == "OpenVINO"
    np.testing.assert_allclose(engine.logits(inputs()), expected, atol=1e-4)


@pytest.mark.slow
def test_a_shipped_model_answers_without_tensorflow(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(encode_png(render_phantom(height=120, width=180).pixels))
    script = (
        "import sys; from pathlib import Path; from core.diagnosis import diagnose\n"
        "found = diagnose(Path(sys.argv[1]), um_per_px=4.0)\n"
        "print(found.engine, found.card.name, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(picture)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split(maxsplit=2) == ["OpenVINO", "idc", "set()\n"]
