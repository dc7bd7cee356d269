import keras
import numpy as np
import pytest

from core.training.fitting.phases import Phase, make_optimiser, rate_at
from core.training.request.recipe import Train

PHASE = Phase("all", 5, 0.1, frozenset())


@pytest.mark.parametrize("warm_up", [0, 2])
def test_cosine_rises_and_falls_as_keras_has_it(warm_up: int) -> None:
    settings = Train(epochs=5, schedule="cosine", warm_up_epochs=warm_up)
    schedule = make_optimiser(settings, PHASE, 4, scale_loss=False)._learning_rate
    ours = [rate_at(settings, PHASE, 4, step, 0) for step in range(20)]
    np.testing.assert_allclose([float(schedule(step)) for step in range(20)], ours, atol=1e-8)
    assert max(ours) == ours[4 * warm_up] == pytest.approx(0.1)
    assert ours[-1] < 0.002
    assert ours[0] == (0 if warm_up else 0.1)


def test_a_plateau_halves() -> None:
    settings = Train(epochs=5, schedule="plateau")
    assert [rate_at(settings, PHASE, 4, 7, halvings) for halvings in (0, 1, 2)] == [
        0.1,
        0.05,
        0.025,
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", keras.optimizers.Adam),
        ("adamw", keras.optimizers.AdamW),
        ("sgd", keras.optimizers.SGD),
    ],
)
def test_the_optimiser_is_the_one_asked_for(name: str, kind: type) -> None:
    settings = Train.model_validate({"epochs": 5, "optimiser": name})
    optimiser = make_optimiser(settings, PHASE, 4, scale_loss=False)
    assert type(optimiser) is kind
    assert float(optimiser.learning_rate) == pytest.approx(0.1)
    scaled = make_optimiser(settings, PHASE, 4, scale_loss=True)
    assert type(scaled.inner_optimizer) is kind
