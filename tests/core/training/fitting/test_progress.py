from core.training.fitting.phases import Phase
from core.training.fitting.progress import Progress
from core.training.request.recipe import Train

PHASE = Phase("all", 6, 0.1, frozenset())


def add(progress: Progress, settings: Train, *losses: float) -> list[bool]:
    return [progress.add({"val_loss": loss}, settings) for loss in losses]


def test_the_lowest_loss_is_the_best() -> None:
    progress = Progress()
    assert add(progress, Train(epochs=6), 0.5, 0.6, 0.4, 0.4) == [True, False, True, False]
    assert progress.lowest == 0.4


def test_patience_and_epochs_end_a_phase() -> None:
    settings = Train(epochs=6, patience=2)
    progress = Progress()
    add(progress, settings, 0.5, 0.6)
    assert not progress.over(PHASE, settings)
    add(progress, settings, 0.5)
    assert progress.over(PHASE, settings)
    progress.next_phase()
    assert not progress.over(PHASE, settings)
    assert progress.lowest == 0.5
    add(progress, settings, 0.4, 0.3, 0.2, 0.1, 0.09, 0.08)
    assert progress.over(PHASE, settings)


def test_a_plateau_of_two_epochs_halves_the_rate() -> None:
    settings = Train(epochs=9, patience=9, schedule="plateau")
    progress = Progress()
    halvings = []
    for loss in (0.5, 0.6, 0.6, 0.6, 0.6, 0.4, 0.5, 0.3, 0.3):
        add(progress, settings, loss)
        halvings.append(progress.halvings)
    assert halvings == [0, 0, 1, 1, 2, 2, 2, 2, 2]
    constant = Progress()
    add(constant, Train(epochs=9, patience=9), 0.5, 0.6, 0.6, 0.6)
    assert constant.halvings == 0
