"""Encoders of the field that can be added by name, with their published preprocessing."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from core.encoders.card import Commercial, Features, Preparation
from core.errors import EncoderError
from core.fields import CardPart, Name, Text
from core.wrong_values import in_words

FILE = Path(__file__).parent / "catalogue.toml"
HUB = "https://huggingface.co"
Loader = Literal["graph", "timm", "transformers"]
"""What reads the weights: OpenVINO itself, or PyTorch with timm or with transformers."""


class KnownEncoder(CardPart):
    """An encoder as its authors published it; each fact is told at one of `sources`.

    `weights` are names that the file has in the repository, the first that is there counts;
    `beside` are files that are needed, too. `architecture` and `arguments` are timm's. `scale` is
    where the µm/px that it was trained at is told. `megabytes` is what is fetched.
    """

    name: Name
    title: Text
    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    weights: tuple[str, ...] = ("model.safetensors", "pytorch_model.bin")
    beside: tuple[str, ...] = ()
    loader: Loader
    architecture: str | None = None
    arguments: dict[str, bool | int | float | str] = Field(default_factory=dict)
    gated: bool
    licence: Text
    commercial: Commercial
    citation: Text
    megabytes: Annotated[int, Field(ge=1)]
    input: Preparation
    features: Features
    dimension: Annotated[int, Field(ge=1, le=16_384)]
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    scale: Text

    @property
    def page(self) -> str:
        """Address of its page, where its licence stands."""
        return f"{HUB}/{self.repository}"

    @property
    def needs_conversion(self) -> bool:
        """Whether only weights for PyTorch are published."""
        return self.loader != "graph"


@cache
def known_encoders() -> tuple[KnownEncoder, ...]:
    """Every encoder that can be added by its name."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["encoder"]
    try:
        return tuple(KnownEncoder.model_validate(entry) for entry in entries)
    except ValidationError as error:
        raise EncoderError(
            f"{FILE} cannot be used. {in_words(error, 'encoder')}. Install Lobule again."
        ) from error


def known_encoder(name: str) -> KnownEncoder:
    """Return one by name.

    Raises
    ------
    EncoderError
        If it is not known.
    """
    for known in known_encoders():
        if known.name == name:
            return known
    raise EncoderError(
        f"There is no file {name!r}, and no published encoder is known by that name. Known are "
        f"{', '.join(known.name for known in known_encoders())}; others are added from an .onnx or "
        ".xml file."
    )
