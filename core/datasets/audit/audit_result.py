"""The result of an audit, and its JSON."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.datasets.audit.colour import ColourResult
from core.datasets.audit.finding import Finding

SCHEMA_VERSION: Literal[1] = 1


class ClassCount(BaseModel):
    """How much there is of a class; `patients` is None where patients are unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    images: int
    patients: int | None


class Audit(BaseModel):
    """What a dataset really holds.

    Its JSON has these fields under the same names; fields may be added within a schema version,
    but none changes its meaning or goes.

    Attributes
    ----------
    schema_version : 1
    dataset, task : str
        As of the dataset.
    images, unreadable : int
    patients : int or None
        None where patients are unknown.
    classes : tuple of ClassCount
        In the order of the dataset's classes.
    magnifications : dict
        Images of each magnification; "" where it is not stated.
    findings : tuple of Finding
        The worst first.
    colour : ColourResult or None
        How well colour alone predicts the class; None where it cannot be judged.
    duplicates, near_duplicates : tuple of tuple of str
        Paths of each group of images with the same pixels, and of images that show nearly the same;
        blank images are in neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = SCHEMA_VERSION
    dataset: str
    task: str
    images: int
    unreadable: int
    patients: int | None
    classes: tuple[ClassCount, ...]
    magnifications: dict[str, int]
    findings: tuple[Finding, ...]
    colour: ColourResult | None
    duplicates: tuple[tuple[str, ...], ...]
    near_duplicates: tuple[tuple[str, ...], ...]

    @property
    def sound(self) -> bool:
        """Whether there is no finding of severity "error"."""
        return not any(finding.severity == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """All of it, as values that `json` can write."""
        return self.model_dump(mode="json")
