"""Files that would take the machine's memory or time, or crash their reader, cost a child alone."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from core import limited
from core.adoption.foreign import read_foreign
from core.errors import PackageError, Stopped
from core.hashing import sha256_of
from core.limited import try_in_a_child
from core.registry.exchange import import_package
from core.registry.package import Package
from core.settings import get_settings

GREEDY = """
import os, time
from core.errors import PackageError

def refuse(path):
    raise PackageError(f"No “{path.name}” here.")

def eat(path):
    kept = [bytearray(b"x" * 50_000_000) for _ in range(200)]

def eat_at_once(path):
    bytearray(40_000_000_000)

def sleep(path):
    time.sleep(60)

def crash(path):
    os.abort()

def write(path):
    with open(path, "wb") as file:
        for _ in range(300):
            file.write(bytes(1_000_000))

def read(path):
    path.read_bytes()
"""


@pytest.fixture
def greedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    (tmp_path / "greedy.py").write_text(GREEDY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "file").write_bytes(b"x")
    return lambda name: try_in_a_child(f"greedy:{name}", tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refuse", "No “file” here."),
        ("eat", r"more than 1 GB of memory|more memory"),
        ("eat_at_once", "more memory than it may"),
        ("sleep", "within 2 s"),
        ("crash", "crashed on this file"),
        ("write", "crashed on this file"),
    ],
)
def test_what_takes_too_much_is_refused_in_words(
    greedy: Callable[[str], None], name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "MOST_BYTES", 1_000_000_000)
    monkeypatch.setattr(limited, "MOST_SECONDS", 2.0 if name == "sleep" else 60.0)
    with pytest.raises(PackageError, match=words):
        greedy(name)


def test_one_network_is_tried_at_a_time(
    greedy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "MOST_SECONDS", 0.2)
    with limited._turn, pytest.raises(PackageError, match="still trying other networks"):
        greedy("read")
    monkeypatch.setattr(limited, "MOST_SECONDS", 60.0)
    greedy("read")


def test_what_takes_long_has_a_turn_of_its_own(
    greedy: Callable[[str], None], tmp_path: Path
) -> None:
    own = threading.Lock()
    with own:
        greedy("read")
        with pytest.raises(PackageError, match="still trying other networks"):
            try_in_a_child("greedy:read", tmp_path / "file", most_seconds=0.2, turn=own)
    try_in_a_child("greedy:read", tmp_path / "file", turn=own)


def test_whoever_stops_waits_neither_for_a_turn_nor_for_its_end(
    greedy: Callable[[str], None], tmp_path: Path
) -> None:
    began = time.monotonic()
    file = tmp_path / "file"
    with limited._turn, pytest.raises(Stopped):
        try_in_a_child("greedy:sleep", file, stopped=lambda: True)
    with pytest.raises(Stopped):
        try_in_a_child("greedy:sleep", file, stopped=lambda: time.monotonic() > began + 1)
    assert time.monotonic() - began < 30  # seconds; it sleeps for 60
    greedy("read")


def test_what_can_be_read_is_no_matter(greedy: Callable[[str], None]) -> None:
    greedy("read")


def wide(config: dict[str, Any]) -> None:
    """A layer of 40 million filters: 4 GB and more."""
    layer = next(each for each in config["config"]["layers"] if each["class_name"] == "Conv2D")
    layer["config"]["filters"] = 40_000_000


def forged(config: dict[str, Any]) -> None:
    """A layer that was built, it says, for two milliards of channels."""
    layers = config["config"]["layers"]
    layer = next(each for each in layers if each["class_name"] == "BatchNormalization")
    layer["build_config"] = {"input_shape": [None, 15, 15, 2_000_000_000]}


def bomb(weights: bytes) -> bytes:
    """Weights of which one is said to have 80 GB, none of them written."""
    buffer = io.BytesIO(weights)
    with h5py.File(buffer, "r+") as file:
        names: list[str] = []
        file.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        del file[names[0]]
        file.create_dataset(names[0], (100_000, 100_000), "f8", chunks=(1000, 1000))
    return buffer.getvalue()


def changed(
    model: Path,
    config: Callable[[dict[str, Any]], None] = lambda _: None,
    weights: Callable[[bytes], bytes] = lambda data: data,
) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                content = json.loads(data)
                config(content)
                data = json.dumps(content).encode()
            new.writestr(name, weights(data) if name.endswith(".h5") else data)
    return written.getvalue()


def zipped(package: Package) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in package.path.iterdir():
            archive.writestr(f"tiny/{path.name}", path.read_bytes())
    packed.seek(0)
    return packed


@pytest.mark.usefixtures("home")
def test_whatever_comes_from_elsewhere_is_tried_in_a_child_before_it_is_loaded(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuse(function: str, _: Path) -> None:
        tried.append(function)
        raise PackageError("Not in this child.")

    def load(*_: object, **__: object) -> None:
        raise AssertionError("it was loaded here")

    monkeypatch.setattr(limited, "try_in_a_child", refuse)
    monkeypatch.setattr("keras.models.load_model", load)
    with pytest.raises(PackageError, match=r"Not in this child\."):
        import_package(zipped(package))
    path = tmp_path / "theirs.keras"
    path.write_bytes(package.model_path.read_bytes())
    with pytest.raises(PackageError, match=r"Not in this child\."):
        read_foreign(path)
    assert len(tried) == 2


ATTACKS = [
    pytest.param({"config": wide}, id="wide", marks=pytest.mark.exhaustive),
    pytest.param({"config": forged}, id="forged", marks=pytest.mark.exhaustive),
    pytest.param({"weights": bomb}, id="bomb", marks=pytest.mark.exhaustive),
]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_package_that_would_fill_the_memory_is_refused(
    package: Package, attack: dict[str, Any], tmp_path: Path
) -> None:
    model = tmp_path / "model.keras"
    model.write_bytes(changed(package.model_path, **attack))
    card = json.loads((package.path / "card.json").read_text())
    card["files"]["model.keras"] = sha256_of(model)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in card["files"]:
            path = model if name == model.name else package.path / name
            archive.writestr(f"tiny/{name}", path.read_bytes())
        archive.writestr("tiny/card.json", json.dumps(card))
    assert len(packed.getvalue()) < 500_000
    packed.seek(0)
    with pytest.raises(PackageError, match=r"refused|memory|crashed|cannot load"):
        import_package(packed)
    assert not list(get_settings().own_models.iterdir())


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_network_made_elsewhere_that_would_fill_the_memory_is_refused(
    package: Package, attack: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "theirs.keras"
    path.write_bytes(changed(package.model_path, **attack))
    with pytest.raises(PackageError, match=r"memory|crashed|cannot load|too large"):
        read_foreign(path)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.usefixtures("home")
def test_a_sound_package_and_a_sound_network_pass(package: Package, tmp_path: Path) -> None:
    assert import_package(zipped(package)).card == package.card
    path = tmp_path / "theirs.keras"
    path.write_bytes(package.model_path.read_bytes())
    assert read_foreign(path).outputs == 2
