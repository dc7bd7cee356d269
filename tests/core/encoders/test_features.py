from pathlib import Path

import numpy as np
import openvino
import pytest

from core.encoders.add import add_encoder
from core.encoders.features import FeatureNetwork, class_rows, with_head
from core.encoders.shelf import Encoder
from core.errors import EncoderError
from tests import made_encoders as made

NAMES = ("logits", "features", "maps")


def answered(encoder: Encoder, kernel: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    graph = with_head(encoder, kernel, bias, NAMES)
    request = openvino.Core().compile_model(graph, "CPU").create_infer_request()
    request.infer([made.squares(3)])
    return {name: request.get_tensor(name).data.copy() for name in NAMES}


def head(features: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    kernel = random.normal(size=(features, outputs)).astype(np.float32)
    return kernel, random.normal(size=outputs).astype(np.float32)


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_a_head_answers_and_its_maps_add_up_to_the_answer(tmp_path: Path, outputs: int) -> None:
    kernel, bias = head(24, outputs)
    values = answered(made.added(tmp_path), kernel, bias)
    places = made.by_hand(made.squares(3))
    expected = places.mean(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(values["logits"], expected, atol=1e-4)
    classes = 2 if outputs == 1 else outputs
    assert values["maps"].shape == (3, 4, 4, classes)
    whole = values["maps"].sum(axis=(1, 2))
    if outputs == 1:
        np.testing.assert_allclose(whole[:, 0], -whole[:, 1], atol=1e-5)
        np.testing.assert_allclose(whole[:, 1:] + bias, expected, atol=1e-4)
    else:
        np.testing.assert_allclose(whole + bias, expected, atol=1e-4)


def test_of_both_the_mean_makes_the_maps(tmp_path: Path) -> None:
    given = made.transformer(tmp_path / "tokens.xml")
    encoder = add_encoder(given, made.about(features="class token and mean"))
    kernel, bias = head(24, 2)
    values = answered(encoder, kernel, bias)
    described = FeatureNetwork(encoder)(made.squares(3))
    np.testing.assert_allclose(values["logits"], described @ kernel + bias, atol=1e-4)
    np.testing.assert_allclose(
        values["maps"].sum(axis=(1, 2)), described[:, 12:] @ kernel[12:], atol=1e-4
    )


def test_without_places_the_whole_image_is_one(tmp_path: Path) -> None:
    encoder = made.added(tmp_path)
    alone = encoder.card.model_copy(update={"grid": None, "maps": "none"})
    kernel, bias = head(24, 2)
    values = answered(Encoder(encoder.path, alone), kernel, bias)
    assert values["maps"].shape == (3, 1, 1, 2)


def test_a_head_of_another_encoder_is_refused(tmp_path: Path) -> None:
    kernel, bias = head(23, 2)
    with pytest.raises(EncoderError, match="takes 23 features and 'toy' gives 24"):
        with_head(made.added(tmp_path), kernel, bias, NAMES)


def test_the_last_rows_of_a_kernel_are_of_the_places() -> None:
    kernel = np.arange(6, dtype=np.float32).reshape(6, 1)
    np.testing.assert_array_equal(class_rows(kernel, 2), [[-4, 4], [-5, 5]])


def test_one_that_was_replaced_meanwhile_is_not_taken_for_it(tmp_path: Path) -> None:
    encoder = made.added(tmp_path)
    given = made.convolutional(tmp_path / "other.xml", seed=9)
    add_encoder(given, made.about(), replace=True)
    with pytest.raises(EncoderError, match="was replaced by another one meanwhile"):
        FeatureNetwork(encoder)
