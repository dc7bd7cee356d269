"""What came of a sweep: figures that can be reported, and those that must not."""

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Value(_Part):
    """A figure with its 95 % interval over patients, where there is one."""

    value: float
    interval: tuple[float, float] | None = None


class CandidateResult(_Part):
    """A candidate, and what its own figures say.

    Attributes
    ----------
    name, source : str
    changes : tuple of str
    validation_auroc : float
        What it is chosen by: the mean over folds.
    auroc, balanced_accuracy : float
        Held out.
    behind : Value or None
        AUROC of the winner minus its own, paired by patient; None of the winner.
    folds_chosen : int
        In how many of the folds it was the one to answer.
    minutes : float
        Of computing, all its folds and seeds together.
    seen : str
        Which of these patients its encoder was pretrained on, in a sentence; empty if on none.
    """

    name: str
    source: str
    changes: tuple[str, ...]
    validation_auroc: float
    auroc: float
    balanced_accuracy: float
    behind: Value | None
    folds_chosen: int
    minutes: float
    seen: str = ""


class SweepResult(_Part):
    """What came of a sweep.

    Attributes
    ----------
    candidates : tuple of CandidateResult
        The winner first, then by validation AUROC.
    nested_auroc, nested_balanced_accuracy : Value
        Of the choice itself: of each fold answered by whom its validation patients chose.
    best : str
        With the highest held-out AUROC, which must not choose.
    optimism : Value
        Its AUROC minus the nested one.
    colour_auroc : float
        Of colour alone, in the same folds.
    beyond_colour : Value
        Nested AUROC minus that.
    failed : dict of str to str
        Candidates that gave no answer, and why.
    """

    dataset: str
    images: int
    patients: int
    seeds: tuple[int, ...]
    classes: tuple[str, ...]
    candidates: tuple[CandidateResult, ...]
    nested_auroc: Value
    nested_balanced_accuracy: Value
    best: str
    best_auroc: float
    optimism: Value
    colour_auroc: float
    beyond_colour: Value
    failed: dict[str, str]

    @property
    def winner(self) -> CandidateResult:
        """The best on validation patients."""
        return self.candidates[0]
