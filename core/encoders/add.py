"""Add an encoder from a file: read in a limited process, tried on pictures, put in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core import limited
from core.atomic import flush, hidden_folder, put_in_place, tidy
from core.encoders.card import (
    Commercial,
    Conversion,
    EncoderCard,
    Features,
    Preparation,
    Pretrained,
)
from core.encoders.given import graph_file, link, made_from, parts_of
from core.encoders.read import (
    FOUND_FILE,
    GIVEN,
    IMAGES_FILE,
    REQUEST_FILE,
    EncoderFound,
    EncoderRequest,
)
from core.encoders.shelf import CARD_FILE, CONSTANTS_FILE, GRAPH_FILE, Encoder
from core.errors import EncoderError
from core.fields import NAME
from core.hashing import sha256_of
from core.imaging.phantom import render_phantom
from core.imaging.resize import resize
from core.rights import Deed, require
from core.settings import get_settings
from core.wrong_values import in_words

# What reads a graph holds its weights several times.
_TIMES = 4
MOST_BYTES = 20_000_000_000
"""Of a graph with its weights; the largest of the field have 5 GB."""
_PHANTOMS = ((1, 96, 4.0), (2, 128, 2.0))  # seed, side, µm/px


@dataclass(frozen=True)
class About:
    """What whoever adds an encoder states about it.

    `tensor` names the output that is meant, where a graph has several; `dimension` is how many
    features it has to give, where that is known. `known` is its name in the catalogue, `conversion`
    how the graph came of published weights, where it did.
    """

    name: str
    title: str
    source: str
    licence: str
    commercial: Commercial
    citation: str
    input: Preparation
    features: Features | None = None
    tensor: str | None = None
    dimension: int | None = None
    pretrained: Pretrained | None = None
    known: str | None = None
    conversion: Conversion | None = None


def add_encoder(
    given: Path,
    about: About,
    *,
    replace: bool = False,
    on_stage: Callable[[str, float], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Encoder:
    """Add an encoder from an ONNX or OpenVINO file, or from a folder that holds one.

    Parameters
    ----------
    given : Path
        `.onnx`, or `.xml` with its `.bin` beside it.
    about : About
    replace : bool
        Whether an encoder of this name makes room.
    on_stage : callable, optional
        Hears what is being done and the share of it that is done; may raise `Stopped`.
    stopped : callable
        Looked at while it is read and tried, when nothing is told.

    Raises
    ------
    EncoderError
        If there is no such file, the name is taken, or the graph is refused; nothing is left then.
    PackageError
        If reading it took more memory or time than it may.
    """
    require(Deed.CHANGE_MODELS)
    folder = check_free(about.name, replace=replace)
    file = graph_file(Path(given))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        tidy(folder.parent)
        with hidden_folder(folder, "saving") as temporary:
            if on_stage:
                on_stage("Reading the encoder and trying it on made-up pictures", 0.0)
            answer, hash_of_graph = _read(file, about, temporary, stopped)
            if about.dimension and answer.dimension != about.dimension:
                raise EncoderError(
                    f"{about.title} gives {answer.dimension:,} features, and {about.dimension:,} "
                    "were published: it is another network now. Nothing was added."
                )
            if on_stage:
                on_stage("Keeping it", 0.0)
            card = _card(about, answer, hash_of_graph, temporary)
            (temporary / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
            for path in (*temporary.iterdir(), temporary):
                flush(path)
            temporary.chmod(0o755)
            _refuse_taken(folder, replace=replace)
            put_in_place(temporary, folder)
    except OSError as error:
        raise EncoderError(
            f"The encoder could not be written to {folder.parent}: {error.strerror or error}. Make "
            "room or allow writing there."
        ) from error
    return Encoder(folder, card)


def check_free(name: str, *, replace: bool) -> Path:
    """The folder for an encoder of some name.

    Raises
    ------
    EncoderError
        If it cannot be called so, or the name is taken.
    """
    if not NAME.fullmatch(name):
        raise EncoderError(
            f"An encoder cannot be called {name!r}. Use up to 64 lower-case letters, digits, "
            "- and _, beginning with a letter or digit."
        )
    folder = get_settings().encoders / name
    _refuse_taken(folder, replace=replace)
    return folder


def _refuse_taken(folder: Path, *, replace: bool) -> None:
    if folder.exists() and not replace:
        raise EncoderError(
            f"There is already an encoder called {folder.name!r}. Choose another name, or have it "
            "replaced (on the command line by --replace)."
        )


@cache
def _phantoms() -> tuple[NDArray[np.uint8], ...]:
    """Made-up sections, drawn once a process: that takes longer than reading a small encoder."""
    return tuple(
        render_phantom(seed, side, side, um_per_px).pixels for seed, side, um_per_px in _PHANTOMS
    )


def _read(
    file: Path, about: About, temporary: Path, stopped: Callable[[], bool]
) -> tuple[EncoderFound, str]:
    """Have the graph read and tried in a process of its own; its files are left in the folder.

    Returns what it is, and the hash of what was read.
    """
    parts = parts_of(file)
    size = sum(path.stat().st_size for path in parts)
    if size > MOST_BYTES:
        raise EncoderError(
            f"{file.name} has {size / 1e9:,.0f} GB; at most {MOST_BYTES / 1e9:.0f} GB are read. "
            "Choose a smaller encoder."
        )
    with TemporaryDirectory(prefix=".lobule-", dir=temporary) as work_name:
        work = Path(work_name)
        # Only what its hash is of: weights in files of other names are not found there. Apart from
        # what is written, which may have the same names.
        (work / GIVEN).mkdir()
        for path in parts:
            link(path, work / GIVEN / path.name)
        request = EncoderRequest(
            file=file.name, input=about.input, features=about.features, tensor=about.tensor
        )
        (work / REQUEST_FILE).write_text(request.model_dump_json(), encoding="utf-8")
        shown = [resize(pixels, about.input.height, about.input.width) for pixels in _phantoms()]
        np.save(work / IMAGES_FILE, np.stack(shown))
        limited.try_in_a_child(
            "core.encoders.read:read_given",
            work,
            most_bytes=limited.MOST_BYTES + _TIMES * size,
            most_written=limited.MOST_WRITTEN + 2 * size,
            stopped=stopped,
        )
        try:
            answer = EncoderFound.model_validate_json((work / FOUND_FILE).read_bytes())
        except (ValidationError, OSError) as error:
            raise EncoderError(
                f"{file.name} was read, but what came of it is damaged. Add it once more."
            ) from error
        for name in (GRAPH_FILE, CONSTANTS_FILE):
            (work / name).rename(temporary / name)
        return answer, made_from(parts_of(work / GIVEN / file.name))


def _card(about: About, answer: EncoderFound, hash_of_graph: str, folder: Path) -> EncoderCard:
    # Another version of what converts writes another graph of the same weights.
    hash_of_given = about.conversion.weights if about.conversion else hash_of_graph
    try:
        return EncoderCard(
            name=about.name,
            title=about.title,
            added=datetime.now(UTC).replace(microsecond=0),
            source=about.source,
            licence=about.licence,
            commercial=about.commercial,
            citation=about.citation,
            made_from=hash_of_given,
            known=about.known,
            conversion=about.conversion,
            tensor=about.tensor,
            input=about.input,
            features=answer.features,
            dimension=answer.dimension,
            grid=answer.grid,
            maps=answer.maps,
            files={name: sha256_of(folder / name) for name in (GRAPH_FILE, CONSTANTS_FILE)},
            pretrained=about.pretrained,
        )
    except ValidationError as error:
        raise EncoderError(
            f"The encoder's card cannot be written. {in_words(error, 'card')}."
        ) from error
