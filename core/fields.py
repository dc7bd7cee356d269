"""What cards are made of: a base that refuses the unknown, and kinds of fields."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

PartName: TypeAlias = Literal["train", "validation", "test"]
Share = Annotated[float, Field(ge=0, le=1)]
Difference = Annotated[float, Field(ge=-1, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Side = Annotated[int, Field(ge=8, le=4096)]
Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Of what has a folder of its own."""
Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class CardPart(BaseModel):
    """Base of everything on a card: unknown keys, NaN and infinities are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
