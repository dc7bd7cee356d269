"""Judged regions of slides as labelled patches, which Datasets opens: verdicts train models."""

import csv
import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.atomic import hidden_folder, put_in_place
from core.cases.files import read_kept
from core.cases.manifest import Classes, Labelled, labelled
from core.cases.read import full_answer
from core.cases.records import Case, CaseImage, Shown
from core.cases.store import Store
from core.cases.trail import now
from core.documents.letters import neutral
from core.errors import CaseError
from core.imaging.overlay import encode_png
from core.imaging.resize import shrink
from core.imaging.tiles import cut, tile_grid, tile_means
from core.imaging.tissue import tissue_mask
from core.registry.card import Card
from core.slides.worklist.save import KEPT_AS

LEAST_TISSUE = 0.5
"""Patches with less tissue than this are left out: a label is not about glass."""


@dataclass(frozen=True, slots=True)
class Patches:
    """What was written."""

    manifest: Path
    """A table that Datasets opens; the patches lie beside it."""
    patches: int
    regions: int
    patients: int
    um_per_px: float
    """Of the patches: the scale at which the model that answered was trained."""


def write_patches(
    store: Store,
    cases: Sequence[Case],
    classes: Classes,
    everything: Collection[Shown],
    folder: Path,
) -> Patches:
    """Cut the judged regions of slides into patches of one label and patient each.

    A patch shows what one input of the model that answered the region shows, at the scale of its
    training, brought there by area averaging; patches lie side by side.

    Parameters
    ----------
    store, cases, classes, everything
        As for `core.cases.manifest.labelled`.
    folder
        Where a folder of patches is made.

    Raises
    ------
    CaseError
        If no region of a slide has a verdict that names a class, models of several scales answered
        them, or the disk is full.
    """
    chosen = _regions(store, labelled(cases, classes, everything))
    if not chosen:
        raise CaseError(
            "No region of a slide here has a verdict that names a class. Judge some first."
        )
    scales = {card.input.um_per_px for *_, card in chosen}
    if len(scales) > 1:
        raise CaseError(
            f"Models of several scales ({', '.join(f'{each:g}' for each in sorted(scales))} µm/px) "
            "answered these regions. Choose the cases of one model."
        )
    target = folder / f"regions-{now():%Y%m%d-%H%M%S-%f}"
    rows: list[tuple[str, str, str, str, float]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with hidden_folder(target, "saving") as aside:
            for image, label, patient, slide, card in chosen:
                for patch in _cut(store, image, card):
                    data = encode_png(patch)
                    name = f"{hashlib.sha256(data).hexdigest()[:32]}.png"
                    (aside / name).write_bytes(data)
                    rows.append((name, label, patient, slide, card.input.um_per_px))
            if not rows:
                raise CaseError("The judged regions hold no patch that is mostly tissue.")
            (aside / "manifest.csv").write_text(_table(rows), encoding="utf-8", newline="")
            aside.chmod(0o755)
            put_in_place(aside, target)
    except OSError as error:
        raise CaseError(
            f"The patches cannot be written to {folder} ({error.strerror or error}). Make room or "
            "allow writing there, then try again."
        ) from error
    return Patches(
        target / "manifest.csv",
        len({name for name, *_ in rows}),
        len(chosen),
        len({patient for _, _, patient, *_ in rows}),
        scales.pop(),
    )


def _regions(store: Store, images: Labelled) -> list[tuple[CaseImage, str, str, str, Card]]:
    """Of labelled images, those that are regions of slides, with the slide and the model's card."""
    regions = []
    for image, label, patient in images.rows:
        full = full_answer(store, image.answers[0].id)
        about = full.content.get(KEPT_AS)
        if about and about["region"] is not None:
            card = Card.model_validate_json(full.card)
            regions.append((image, label, patient, str(about["fingerprint"])[:16], card))
    return regions


def _cut(store: Store, image: CaseImage, card: Card) -> list[NDArray[np.uint8]]:
    scale = image.answers[0].um_per_px
    if scale is None:
        return []
    pixels = read_kept(store.images, image.sha256)
    side = max(1, round(card.input.field_um / card.input.um_per_px))
    pixels = shrink(pixels, scale / card.input.um_per_px)
    height, width = pixels.shape[:2]
    if min(height, width) < side:
        return []
    grid = tile_grid(height // side * side, width // side * side, side, side)
    pixels = np.ascontiguousarray(pixels[: grid.height, : grid.width])
    shares = tile_means(tissue_mask(pixels), grid)
    return list(cut(pixels, grid)[shares >= LEAST_TISSUE])


def _table(rows: Sequence[tuple[str, str, str, str, float]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["path", "label", "patient", "slide", "um_per_px"])
    for name, label, patient, slide, scale in dict.fromkeys(rows):
        writer.writerow([name, neutral(label), neutral(patient), slide, scale])
    return buffer.getvalue()
