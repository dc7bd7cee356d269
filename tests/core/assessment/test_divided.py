"""Images answered in pieces on other machines are answered as on this one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.assessment import divided
from core.assessment.assess import assess
from core.assessment.bulk import PredictedImages, predict_images
from core.assessment.divided import predict_dataset, predict_divided
from core.cluster import Came, Task
from core.datasets.records import Dataset, Record, table
from core.errors import ClusterError, DatasetError, PackageError, Stopped
from core.extras import is_installed
from core.imaging.changes import robustness_changes
from core.imaging.overlay import encode_png
from core.inference.classifier import get_classifier
from core.registry.ensemble import ensemble_card
from core.registry.package import Package, save_ensemble
from core.registry.shelf import find
from core.roots import HELD, image_files
from tests.core.cluster.elsewhere import Elsewhere
from tests.core.cluster.two_nodes import two_nodes
from tests.core.conftest import card_content


def same(found: PredictedImages, expected: PredictedImages) -> None:
    # Sums over a batch of another size may differ in their last bit.
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    np.testing.assert_array_equal(found.colour, expected.colour)
    assert found.unreadable == expected.unreadable
    assert (found.out_of_scale, found.scale_unknown) == (
        expected.out_of_scale,
        expected.scale_unknown,
    )


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """The work that is given to another machine; see `Elsewhere`."""
    there = Elsewhere(tmp_path / "there")
    monkeypatch.setattr("core.cluster.share.compute", there.compute)
    monkeypatch.setattr(divided, "MOST_IMAGES", 3)
    return there.given


@pytest.fixture
def mixed(tmp_path: Path, tissue: np.ndarray) -> tuple[Any, Callable[[str], Path]]:
    """Patches, a field of many tiles, and images that are damaged, empty or not there."""
    root = tmp_path / "images"
    root.mkdir()
    for number in range(6):
        patch = tissue[10 * number : 10 * number + 50, :50]
        (root / f"patch{number}.png").write_bytes(encode_png(patch))
    (root / "field.png").write_bytes(encode_png(tissue))
    (root / "bad.png").write_bytes(b"no image")
    (root / "empty.png").write_bytes(b"")
    names = [path.name for path in root.iterdir()] + ["none.png"]
    scales = {"patch0.png": float("nan"), "patch1.png": 9.0}
    records = table(Record(name, "p", "p", 0, um_per_px=scales.get(name, 4.0)) for name in names)
    return records, image_files(root)


def test_they_are_answered_as_here_also_changed_ones(
    package: Package, mixed: tuple[Any, Callable[[str], Path]], elsewhere: list[Task]
) -> None:
    records, file = mixed
    shares: list[float] = []
    stain, jpeg = (
        next(n for n, each in enumerate(robustness_changes()) if each.name == name)
        for name in ("stain", "jpeg")
    )
    plain, stained, packed = predict_divided(
        package, records, file, shares.append, (None, stain, jpeg)
    )
    classifier = get_classifier(package)
    same(plain, predict_images(classifier, records, file))
    for found, number in ((stained, stain), (packed, jpeg)):
        same(found, predict_images(classifier, records, file, change=robustness_changes()[number]))
    assert set(plain.unreadable) == {"bad.png", "empty.png", "none.png"}
    assert (plain.out_of_scale, plain.scale_unknown) == (1, 1)
    assert not np.array_equal(plain.probabilities, stained.probabilities)
    assert len(elsewhere) == 3 * 4
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_piece_is_as_small_in_bytes(
    package: Package,
    mixed: tuple[Any, Callable[[str], Path]],
    elsewhere: list[Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records, file = mixed
    monkeypatch.setattr(divided, "MOST_BYTES", 1)
    predict_divided(package, records, file, lambda _: None)
    assert len(elsewhere) == len(records)
    assert all(work.content for work in elsewhere)


def test_an_ensemble_travels_with_its_members(
    home: Path,
    save_tiny: Callable[..., Package],
    mixed: tuple[Any, Callable[[str], Path]],
    elsewhere: list[Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    save_tiny(home / "models", name="one")
    save_tiny(home / "models", name="other", temperature=2 * card_content()["temperature"])
    card = ensemble_card("both", (find("one"), find("other")), "")
    save_ensemble(home / "models" / "both", card)
    package = find("both")
    records, file = mixed
    expected = predict_images(get_classifier(package), records, file)
    (found,) = predict_divided(package, records, file, lambda _: None)
    same(found, expected)
    assert set(elsewhere[0].files) == {"model_0", "model_1"}


def test_what_must_not_be_read_is_not_sent(
    package: Package,
    mixed: tuple[Any, Callable[[str], Path]],
    elsewhere: list[Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records, _ = mixed
    monkeypatch.setenv(HELD, "1")
    file = image_files(Path("/etc"))
    with pytest.raises(DatasetError, match="outside the folders"):
        predict_divided(package, records, file, lambda _: None)
    assert len(elsewhere) == 1


@pytest.mark.usefixtures("elsewhere")
def test_it_is_stopped_and_what_a_piece_refuses_is_said(
    package: Package,
    mixed: tuple[Any, Callable[[str], Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records, file = mixed

    def stop(share: float) -> None:
        if share > 0:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        predict_divided(package, records, file, stop)
    refused = Came("0-0", None, PackageError("It is refused."))
    monkeypatch.setattr("core.cluster.share.compute", lambda *_, **__: iter([refused]))
    with pytest.raises(PackageError, match="It is refused"):
        predict_divided(package, records, file, lambda _: None)


def test_without_a_cluster_nothing_is_divided(
    package: Package, mixed: tuple[Any, Callable[[str], Path]], elsewhere: list[Task]
) -> None:
    records, file = mixed
    shares: list[float] = []
    found = predict_dataset(package, records, file, shares.append, (None, 0))
    assert not elsewhere
    same(found[0], predict_images(get_classifier(package), records, file))
    assert shares[-1] == 1


def test_a_cluster_that_is_not_there_is_told(
    package: Package,
    mixed: tuple[Any, Callable[[str], Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOBULE_RAY", "127.0.0.1:9")
    records, file = mixed
    with pytest.raises(ClusterError):
        predict_dataset(package, records, file, lambda _: None)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.skipif(not is_installed("cluster"), reason="Ray is not installed")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_two_machines_one_of_which_is_lost_give_the_same_to_the_bit(
    package: Package, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = assess(package, dataset, robustness=True)
    monkeypatch.setattr(divided, "MOST_IMAGES", 64)  # as many as are read together here
    with two_nodes(tmp_path / "nodes") as nodes:
        monkeypatch.setenv("LOBULE_RAY", nodes.address)
        killed = False

        def kill_once(_: str, share: float) -> None:
            nonlocal killed
            if not killed and share > 0:
                killed = True
                nodes.kill_second()

        there = assess(package, dataset, kill_once, robustness=True)
    assert killed
    np.testing.assert_array_equal(there.predictions.probabilities, here.predictions.probabilities)
    assert there.robustness == here.robustness
    assert there.evaluation.figures == here.evaluation.figures
