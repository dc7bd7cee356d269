"""How far a fit is, and what it has decided so far: all that resuming needs besides the weights."""

import math
from dataclasses import dataclass, field

from numpy.typing import NDArray

from core.training.fitting.phases import Phase
from core.training.request.recipe import PLATEAU_EPOCHS, Train

Row = dict[str, float | str]


@dataclass
class Progress:
    """Where a fit stands after its last finished epoch.

    Attributes
    ----------
    phase : int
        Number of the phase, from 0.
    phase_epochs : int
        Epochs finished in this phase.
    waited : int
        Epochs of this phase since the validation loss was last the lowest of all.
    halvings : int
        How often a plateau has halved the learning rate in this phase.
    stalled : int
        Epochs since the validation loss last fell or the learning rate was last halved.
    lowest : float
        Lowest validation loss of all epochs.
    history : list of dict
        One row an epoch.
    best : list of arrays
        The network's weights after the epoch with the lowest validation loss.
    """

    phase: int = 0
    phase_epochs: int = 0
    waited: int = 0
    halvings: int = 0
    stalled: int = 0
    lowest: float = math.inf
    history: list[Row] = field(default_factory=list)
    best: list[NDArray] = field(default_factory=list)

    def add(self, row: Row, settings: Train) -> bool:
        """Take in a finished epoch; tell whether it was the best so far."""
        self.history.append(row)
        self.phase_epochs += 1
        loss = float(row["val_loss"])
        if loss < self.lowest:
            self.lowest = loss
            self.waited = self.stalled = 0
            return True
        self.waited += 1
        self.stalled += 1
        if settings.schedule == "plateau" and self.stalled == PLATEAU_EPOCHS:
            self.halvings += 1
            self.stalled = 0
        return False

    def over(self, phase: Phase, settings: Train) -> bool:
        """Tell whether a phase is done: out of epochs, or out of patience."""
        return self.phase_epochs >= phase.epochs or self.waited >= settings.patience

    def next_phase(self) -> None:
        """Begin the next phase; the lowest loss stays the one to beat."""
        self.phase += 1
        self.phase_epochs = self.waited = self.halvings = self.stalled = 0
