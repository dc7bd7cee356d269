"""`scope.json`: read back as it was written, small, and refused when damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import PackageError
from core.evaluation.scope_distance import distances, fit_reference
from core.registry.scope_file import read_reference, write_reference

FEATURES = np.random.default_rng(0).gamma(1, 1, (300, 1024))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("scope") / "scope.json"
    write_reference(fit_reference(FEATURES, np.ones(300)), file)
    return file


def test_distances_are_the_same_and_the_file_is_small(path: Path) -> None:
    expected = distances(fit_reference(FEATURES, np.ones(300)), FEATURES)
    found = distances(read_reference(path, 1024), FEATURES)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert path.stat().st_size < 300_000


def test_another_networks_file_is_refused(path: Path) -> None:
    with pytest.raises(PackageError, match="1024 features, but the network has 512"):
        read_reference(path, 512)


@pytest.mark.parametrize(
    "change",
    [
        {"mean": [1.0]},
        {"variances": [1.0]},
        {"rest": 0},
        {"rest": float("nan")},
        {"components": [[99_999] * 1024]},
        {"more": 1},
    ],
)
def test_damage_is_told_in_words(path: Path, tmp_path: Path, change: dict[str, object]) -> None:
    damaged = tmp_path / "scope.json"
    damaged.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(PackageError, match=r"scope\.json cannot be read .* Restore the package"):
        read_reference(damaged, 1024)
    damaged.write_bytes(b"\xff\xfe")
    with pytest.raises(PackageError, match="cannot be read"):
        read_reference(damaged, 1024)
    with pytest.raises(PackageError, match="cannot be read"):
        read_reference(tmp_path / "none.json", 1024)
