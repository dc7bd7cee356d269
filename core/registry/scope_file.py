"""`scope.json` of a package: where its training features lie.

Numbers as text, so that a package holds nothing that could bring code with it. Components are
written as whole numbers of `COMPONENT_UNIT`, which keeps the file under 300 KB and changes a
distance by less than a thousandth.
"""

import json
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from core.errors import PackageError
from core.evaluation.scope_distance import Reference
from core.fields import CardPart, Positive
from core.wrong_values import in_words

COMPONENT_UNIT = 1e-4
MOST_BYTES = 2_000_000
_DIGITS = 6
_UNITS = round(1 / COMPONENT_UNIT)

Whole = Annotated[int, Field(ge=-_UNITS, le=_UNITS)]


class ScopeFile(CardPart):
    """The content; fields as in `core.evaluation.scope_distance.Reference`."""

    mean: tuple[float, ...] = Field(min_length=1)
    scale: tuple[Positive, ...]
    components: tuple[tuple[Whole, ...], ...] = Field(min_length=1)
    variances: tuple[Positive, ...]
    rest: Positive

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        size = len(self.mean)
        if len(self.scale) != size or {len(row) for row in self.components} != {size}:
            raise ValueError("mean, scale and every component must have the same length")
        if len(self.variances) != len(self.components):
            raise ValueError("every component must have a variance")
        return self


def write_reference(reference: Reference, path: Path) -> None:
    """Write where training features lie; same reference, same bytes."""
    content = {
        "mean": _rounded(reference.mean),
        "scale": _rounded(reference.scale),
        "components": np.rint(reference.components * _UNITS).astype(int).tolist(),
        "variances": _rounded(reference.variances),
        "rest": _rounded(np.array([reference.rest]))[0],
    }
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def read_reference(path: Path, features: int) -> Reference:
    """Read it back.

    Parameters
    ----------
    path
        The file.
    features
        Length of the model's feature vector.

    Raises
    ------
    PackageError
        If the file is damaged or belongs to another network.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PackageError(f"{path} is too large. Restore the package.")
        content = ScopeFile.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = in_words(error, "it") if isinstance(error, ValidationError) else str(error)
        raise PackageError(f"{path} cannot be read ({reason}). Restore the package.") from error
    if len(content.mean) != features:
        raise PackageError(
            f"{path} is about {len(content.mean)} features, but the network has {features}: it "
            "belongs to another model. Restore the package."
        )
    return Reference(
        mean=np.array(content.mean),
        scale=np.array(content.scale),
        components=np.array(content.components) * COMPONENT_UNIT,
        variances=np.array(content.variances),
        rest=content.rest,
    )


def _rounded(values: "np.ndarray") -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
