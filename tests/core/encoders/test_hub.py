"""Adding an encoder by its name: agreed to, fetched, gone on with, and told why where it cannot."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from core import limited
from core.cli import app
from core.encoders import catalogue, hub
from core.encoders.catalogue import KnownEncoder, Loader
from core.encoders.features import FeatureNetwork
from core.encoders.shelf import encoders, find_encoder
from core.errors import EncoderError, NotAllowedError, Stopped
from core.rights import Person, Role, acting
from core.settings import get_settings
from tests import made_encoders as made
from tests.made_hub import COMMIT, Hub, serving


@pytest.fixture
def local_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub here, which the environment names as users of a mirror name theirs."""
    with serving() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.address)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setattr(hub, "is_installed", lambda _: True)
        yield found


def known(monkeypatch: pytest.MonkeyPatch, **changes: object) -> KnownEncoder:
    """The toy graph as if it were published."""
    entry = KnownEncoder(
        **(
            {
                "name": "toy",
                "title": "Toy",
                "repository": "somebody/toy",
                "weights": ("model.onnx", "graph.onnx"),
                "loader": "graph",
                "gated": False,
                "licence": "Toy licence",
                "commercial": "not allowed",
                "citation": "Nobody (2026)",
                "megabytes": 1,
                "input": made.preparation(),
                "features": "as they come",
                "dimension": 24,
                "sources": ("https://example.org/toy",),
                "scale": "https://example.org/toy",
            }
            | changes
        )
    )
    monkeypatch.setattr(catalogue, "known_encoders", lambda: (entry,))
    return entry


def as_onnx(path: Path, network: keras.Model) -> bytes:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        network.export(path, format="onnx", verbose=False)
    return path.read_bytes()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, bytes]:
    """A small network as Keras exports it."""
    keras.utils.set_random_seed(3)
    given = keras.Input((made.SIZE, made.SIZE, 3), name="x")
    values = keras.layers.Conv2D(24, 8, strides=8, activation="relu")(given)
    network = keras.Model(given, keras.layers.GlobalAveragePooling2D()(values))
    network(np.zeros((1, made.SIZE, made.SIZE, 3)))
    return network, as_onnx(tmp_path_factory.mktemp("hub") / "toy.onnx", network)


def test_it_is_fetched_tried_and_says_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    network, content = published
    known(monkeypatch)
    local_hub.files["somebody/toy/graph.onnx"] = content  # the second name that it may have
    told: list[tuple[str, float]] = []
    encoder = hub.add_known("toy", agreed=True, on_stage=lambda *what: told.append(what))
    card = encoder.card
    assert (card.known, card.licence, card.commercial) == ("toy", "Toy licence", "not allowed")
    mirror = f"commit {COMMIT[:12]}, fetched from {local_hub.address}"
    assert card.source == f"https://huggingface.co/somebody/toy ({mirror})"
    shown = made.squares(2)
    prepared = (shown / 255 - np.array(made.MEAN)) / np.array(made.DEVIATION)
    np.testing.assert_allclose(
        FeatureNetwork(encoder)(shown), network.predict(prepared, verbose=0), atol=1e-4
    )
    assert told[0][0] == "Asking the hub"
    assert ("Fetching", 1.0) in told
    assert not (get_settings().downloads / "encoders" / "toy").exists()
    # All files are of the commit that was asked for first.
    fetched = [path for method, path, _ in local_hub.asked if method == "GET" and "/toy/" in path]
    assert fetched == [f"/somebody/toy/resolve/{COMMIT}/graph.onnx"]


def test_without_agreeing_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub
) -> None:
    known(monkeypatch)
    with pytest.raises(EncoderError, match=r"Toy licence.*huggingface\.co/somebody/toy.*--agree"):
        hub.add_known("toy", agreed=False)
    with acting(Person("anna", Role.READER)), pytest.raises(NotAllowedError):
        hub.add_known("toy", agreed=True)
    assert not local_hub.asked


def test_gated_ones_ask_for_a_token_and_take_it(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    known(monkeypatch, gated=True)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    local_hub.gated["somebody/toy"] = "hf_secret"
    with pytest.raises(EncoderError, match=r"want to be asked.*--token or HF_TOKEN"):
        hub.add_known("toy", agreed=True)
    with pytest.raises(EncoderError, match="want to be asked") as refused:
        hub.add_known("toy", agreed=True, token="hf_wrong")  # noqa: S106
    assert "hf_wrong" not in str(refused.value)
    assert hub.add_known("toy", agreed=True, token="hf_secret", called="mine").card.name == "mine"  # noqa: S106


def test_a_download_that_broke_off_goes_on(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    content = published[1]
    known(monkeypatch)
    local_hub.files["somebody/toy/model.onnx"] = content
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 512)
    local_hub.break_after = len(content) // 2
    with pytest.raises(EncoderError, match=r"once more.*what was fetched is kept"):
        hub.add_known("toy", agreed=True)
    assert not encoders()
    local_hub.break_after, local_hub.out_of_order = None, False
    local_hub.asked.clear()
    assert hub.add_known("toy", agreed=True).card.dimension == 24
    (asked,) = [
        headers
        for method, path, headers in local_hub.asked
        if (method, "toy" in path) == ("GET", True)
    ]
    assert int(asked["range"].removeprefix("bytes=").removesuffix("-")) > len(content) // 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no somebody/toy, or not for you"),
        ({"somebody/toy/other.bin": b"1"}, r"none of the files model\.onnx, graph\.onnx"),
        ({"somebody/toy/model.onnx": b"no graph"}, "cannot be read as ONNX"),
    ],
)
def test_what_cannot_be_added_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, files: dict[str, bytes], words: str
) -> None:
    known(monkeypatch)
    local_hub.files |= files
    with pytest.raises(EncoderError, match=words):
        hub.add_known("toy", agreed=True)
    assert not encoders()


@pytest.mark.parametrize("loader", ["graph", "timm"])
def test_it_can_be_stopped_in_each_child_and_only_reading_takes_turns_with_other_networks(
    loader: Loader, monkeypatch: pytest.MonkeyPatch, local_hub: Hub
) -> None:
    known(monkeypatch, loader=loader)
    local_hub.files["somebody/toy/model.onnx"] = b"never read"

    def child(function: str, _: Path, **how: Any) -> None:
        assert ("convert" in function) == (loader == "timm")
        assert (how.get("turn", limited._turn) is limited._turn) == (loader == "graph")
        if how["stopped"]():
            raise Stopped

    monkeypatch.setattr(limited, "try_in_a_child", child)
    with pytest.raises(Stopped):
        hub.add_known("toy", agreed=True, stopped=lambda: True)
    assert encoders() == []


def test_a_part_that_is_too_long_is_begun_anew_and_two_do_not_fetch_at_once(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    known(monkeypatch)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    folder = get_settings().downloads / "encoders" / "toy"
    (folder / COMMIT).mkdir(parents=True)
    (folder / COMMIT / "model.onnx.part").write_bytes(b"x" * (len(published[1]) + 5))
    with (
        FileLock(folder / ".lock"),
        pytest.raises(EncoderError, match="being added already, from another window"),
    ):
        hub.add_known("toy", agreed=True)
    # Fetched whole, then damaged: it is fetched once more.
    (folder / COMMIT).mkdir(parents=True, exist_ok=True)
    (folder / COMMIT / "model.onnx").write_bytes(published[1][:-9])
    assert hub.add_known("toy", agreed=True, replace=True).card.dimension == 24


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": 401}, r"refused the token \(answer 401"),
        ({"status": 429}, "The hub answered 429.*once more in a while"),
        ({"commit": "../../models"}, "does not say which version"),
        ({"record": "abc"}, "does not give the hash of model.onnx"),
        ({"claimed": 3_000_000}, "has 3 MB, more than it was published with"),
    ],
)
def test_a_hub_that_answers_oddly_is_told(
    monkeypatch: pytest.MonkeyPatch,
    local_hub: Hub,
    published: tuple[keras.Model, bytes],
    changes: dict[str, object],
    words: str,
) -> None:
    known(monkeypatch)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    for name, value in changes.items():
        setattr(local_hub, name, value)
    with pytest.raises(EncoderError, match=words):
        hub.add_known("toy", agreed=True, token="hf_some")  # noqa: S106
    assert not encoders()


def test_another_network_under_the_name_is_not_added(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    known(monkeypatch, dimension=25)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    with pytest.raises(EncoderError, match="gives 24 features, and 25 were published"):
        hub.add_known("toy", agreed=True)
    assert not encoders()


def test_what_no_token_or_address_is_ends_in_words(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub
) -> None:
    known(monkeypatch)
    with pytest.raises(EncoderError, match="letters that no token has"):
        hub.add_known("toy", agreed=True, token="hf_…")  # noqa: S106
    monkeypatch.setenv("HF_ENDPOINT", "http://a:b:c")
    with pytest.raises(EncoderError, match="HF_ENDPOINT is no address"):
        hub.add_known("toy", agreed=True)
    assert not local_hub.asked


def test_a_file_that_came_damaged_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    known(monkeypatch)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    local_hub.record = "0" * 64
    with pytest.raises(EncoderError, match="its hash is not the hub's"):
        hub.add_known("toy", agreed=True)
    local_hub.record = None
    assert hub.add_known("toy", agreed=True).card.dimension == 24


def test_the_command_line_lists_what_is_known_and_adds_it(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub, published: tuple[keras.Model, bytes]
) -> None:
    listed = CliRunner().invoke(app, ["encoders", "list", "--known"]).stdout
    assert "UNI: 1,024 features, 1,213 MB, CC-BY-NC-ND-4.0, not for commercial use; asks" in listed
    known(monkeypatch)
    local_hub.files["somebody/toy/model.onnx"] = published[1]
    refused = CliRunner().invoke(app, ["encoders", "add", "toy"])
    assert refused.exit_code == 1
    assert "--agree" in refused.stderr
    idle = CliRunner().invoke(app, ["encoders", "add", "toy", "--agree", "--size", "448"])
    assert "leave --size out" in idle.stderr
    mistaken = CliRunner().invoke(app, ["encoders", "add", "toi"])
    assert "Known are toy" in mistaken.stderr
    done = CliRunner().invoke(app, ["encoders", "add", "toy", "--agree", "--name", "mine"])
    assert done.exit_code == 0, done.stderr
    assert "--encoder mine" in done.stdout
    unstated = CliRunner().invoke(app, ["encoders", "add", str(Path(__file__)), "--name", "x"])
    assert "neither ONNX" in unstated.stderr


def test_a_hub_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch)
    monkeypatch.setattr(hub, "is_installed", lambda _: True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(EncoderError, match=r"could not be read .*Check the network"):
        hub.add_known("toy", agreed=True)


def test_what_is_missing_is_told_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, local_hub: Hub
) -> None:
    known(monkeypatch)
    monkeypatch.setattr(hub, "is_installed", lambda _: False)
    with pytest.raises(EncoderError, match=r"need PyTorch once.*requirements-encoders\.txt"):
        hub.add_known("toy", agreed=True)
    made.added(get_settings().home)
    monkeypatch.setattr(hub, "is_installed", lambda _: True)
    with pytest.raises(EncoderError, match="already an encoder called 'toy'"):
        hub.add_known("toy", agreed=True)
    assert not local_hub.asked
    assert find_encoder("toy").card.known is None
