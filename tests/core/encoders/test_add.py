"""Adding encoders: what they turn out to be, what is refused, and that nothing is left of it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.applications import densenet

from core.encoders.add import add_encoder
from core.encoders.features import FeatureNetwork
from core.encoders.read import read_given
from core.encoders.shelf import encoders, find_encoder
from core.errors import EncoderError, NotAllowedError, PackageError
from core.rights import Person, Role, acting
from tests import made_encoders as made


def test_features_and_places_are_those_of_the_graph_by_hand(tmp_path: Path) -> None:
    encoder = made.added(tmp_path)
    card = encoder.card
    assert (card.features, card.dimension, card.grid, card.maps) == (
        "as they come",
        24,
        (4, 4),
        "exact",
    )
    shown = made.squares(3)
    np.testing.assert_allclose(
        FeatureNetwork(encoder)(shown), made.by_hand(shown).mean(axis=(1, 2)), atol=1e-5
    )
    assert find_encoder("toy") == encoder


def test_a_map_is_pooled_to_the_same_features(tmp_path: Path) -> None:
    pooled = made.added(tmp_path)
    given = made.convolutional(tmp_path / "map.xml", pooled=False)
    mapped = add_encoder(given, made.about("mapped"))
    assert (mapped.card.grid, mapped.card.maps) == ((4, 4), "exact")
    shown = made.squares(2)
    np.testing.assert_allclose(
        FeatureNetwork(mapped)(shown), FeatureNetwork(pooled)(shown), atol=1e-6
    )


def test_of_tokens_the_class_token_their_mean_or_both_are_taken(tmp_path: Path) -> None:
    given = made.transformer(tmp_path / "tokens.xml")
    shown, described = made.squares(2), {}
    for features in ("class token", "mean of tokens", "class token and mean"):
        encoder = add_encoder(given, made.about(features=features), replace=True)
        described[features] = FeatureNetwork(encoder)(shown)
        assert encoder.card.grid == (4, 4)
        exact = features == "mean of tokens"
        assert encoder.card.maps == ("exact" if exact else "approximate")
    token, mean = described["class token"], described["mean of tokens"]
    both = described["class token and mean"]
    np.testing.assert_allclose(both, np.concatenate([token, mean], axis=1), atol=1e-6)
    assert add_encoder(given, made.about("plain")).card.features == "class token"


def test_a_class_token_that_was_taken_already_is_found_by_its_numbers(tmp_path: Path) -> None:
    given = made.transformer(tmp_path / "token.xml", "class token")
    card = add_encoder(given, made.about()).card
    assert (card.features, card.grid, card.maps) == ("as they come", (4, 4), "approximate")


def test_a_folder_with_one_graph_stands_for_it(tmp_path: Path) -> None:
    made.convolutional(tmp_path / "toy.xml")
    assert add_encoder(tmp_path, made.about()).card.dimension == 24


@pytest.mark.parametrize(
    ("graph", "changes", "words"),
    [
        (made.constant, {}, "Two different pictures get the same features"),
        (made.by_the_batch, {}, "other features by itself than beside another"),
        (made.two_outputs, {}, "several: mean .*, most .*--tensor"),
        (made.two_outputs, {"tensor": "least"}, "none of that name"),
        (made.convolutional, {"features": "class token"}, r"gives \[\?,24\]"),
        (made.convolutional, {"input": made.preparation(height=64)}, "by --size 32"),
        (
            lambda path: made.transformer(path, tokens=13),
            {},
            None,  # 13 places after a class token are 3×3 and five others
        ),
    ],
)
def test_what_nothing_can_be_learnt_from_is_refused(
    tmp_path: Path, graph: object, changes: dict[str, object], words: str | None
) -> None:
    given = graph(tmp_path / "graph.xml")
    if words is None:
        assert add_encoder(given, made.about(**changes)).card.grid == (3, 3)
        return
    with pytest.raises(PackageError, match=words):
        add_encoder(given, made.about(**changes))
    assert encoders() == []


def test_what_is_no_graph_is_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, content in (
        ("text.onnx", b"not a graph"),
        ("none.onnx", b""),
        ("graph.xml", b"<a/>"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(EncoderError, match="cannot be read as ONNX or OpenVINO"):
            add_encoder(tmp_path / name, made.about())
    (tmp_path / "weights.pth").write_bytes(b"")
    for name, words in (
        ("weights.pth", "neither ONNX"),
        ("gone.onnx", "There is no file"),
        ("empty", "holds: none"),
    ):
        with pytest.raises(EncoderError, match=words):
            add_encoder(tmp_path / name, made.about())
    assert not any((home / "encoders").iterdir())


def test_a_name_is_taken_once_and_stays_in_its_folder(tmp_path: Path, home: Path) -> None:
    made.added(tmp_path)
    with pytest.raises(EncoderError, match="already an encoder called 'toy'"):
        made.added(tmp_path)
    for name in ("../toy", "Toy", "", "a/b"):
        with pytest.raises(EncoderError):
            made.added(tmp_path, name)
    assert [path.name for path in (home / "encoders").iterdir()] == ["toy"]


def test_weights_that_its_hash_would_not_know_are_not_read(tmp_path: Path) -> None:
    import onnx  # noqa: PLC0415 - takes a second

    weight = onnx.numpy_helper.from_array(np.ones((3, 5), np.float32), "w")
    nodes = [
        onnx.helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0),
        onnx.helper.make_node("MatMul", ["m", "w"], ["y"]),
    ]
    kind = onnx.TensorProto.FLOAT
    inputs = [onnx.helper.make_tensor_value_info("x", kind, ["n", 3, made.SIZE, made.SIZE])]
    outputs = [onnx.helper.make_tensor_value_info("y", kind, ["n", 5])]
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    for name, known in (("toy.onnx.data", True), ("elsewhere.bin", False)):
        onnx.save_model(
            onnx.ModelProto.FromString(model.SerializeToString()),
            str(tmp_path / "toy.onnx"),
            save_as_external_data=True,
            location=name,
            size_threshold=0,
        )
        if known:
            assert add_encoder(tmp_path / "toy.onnx", made.about()).card.dimension == 5
        else:
            with pytest.raises(EncoderError, match="cannot be read"):
                add_encoder(tmp_path / "toy.onnx", made.about("other"))


def test_what_was_given_stays_as_it_is_whatever_it_is_called(tmp_path: Path) -> None:
    given = made.convolutional(tmp_path / "graph.xml")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"graph.xml", "graph.bin"}
    add_encoder(given, made.about())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_while_one_is_added_no_list_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def look(_: str, path: Path, **__: int) -> None:
        seen.append(encoders())
        read_given(path)

    monkeypatch.setattr("core.limited.try_in_a_child", look)
    made.added(tmp_path)
    assert seen == [[]]


def test_readers_add_nothing(tmp_path: Path) -> None:
    with acting(Person("anna", Role.READER)), pytest.raises(NotAllowedError):
        made.added(tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning")
@pytest.mark.parametrize(
    "name", ["MobileNet", pytest.param("DenseNet", marks=pytest.mark.exhaustive)]
)
def test_an_onnx_file_that_keras_exported_gives_the_features_of_keras(
    tmp_path: Path, name: str
) -> None:
    keras.utils.set_random_seed(0)
    shape = (made.SIZE, made.SIZE, 3)
    given = {"include_top": False, "weights": None, "input_shape": shape, "pooling": "avg"}
    if name == "DenseNet":  # of few layers: all that it does, it does in each block
        model = densenet.DenseNet([2, 2, 2, 2], **given)
    else:
        model = keras.applications.MobileNet(**given)
    shown = made.squares(2)
    ready = (shown / 255 - np.array(made.MEAN)) / np.array(made.DEVIATION)
    expected = np.asarray(model(ready.astype(np.float32), training=False))
    model.export(tmp_path / "exported.onnx", format="onnx", verbose=False)
    encoder = add_encoder(tmp_path / "exported.onnx", made.about())
    assert (encoder.card.dimension, encoder.card.maps) == (expected.shape[1], "none")
    described = FeatureNetwork(encoder)(shown)
    np.testing.assert_allclose(described, expected, atol=1e-4 * np.abs(expected).max())
