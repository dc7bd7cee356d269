"""Where the tumour is: the probability map and each explanation against a pathologist's mask.

Of the map and of the heatmap over a whole region, and of a baseline that knows nothing of tumours
(nuclei: haematoxylin within 25 µm, by colour deconvolution), the AUROC by pixel of the map, whether
the highest value lies in tumour (the pointing game of Zhang et al. 2018), and of the map the share
of the tumour and of the rest that reach the model's threshold. Explanations look into one tile:
their AUROC is the mean over tiles that are part tumour and part not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from core.errors import DatasetError, PackageError
from core.explain.methods.run import FUNCTIONS, explain
from core.explain.one_pass import answer_image, explainer
from core.imaging.read import read_image
from core.imaging.resize import resize, shrink
from core.imaging.stain import rgb_to_hed
from core.imaging.tiles import cut, tile_grid
from core.inference.classifier import Classifier
from core.inference.tile_size import plan_scale
from core.registry.card_parts import Located, LocatedMethod, LocatedRegion

MASK = "_tumour"
NUCLEI = "nuclei"
Progress = Callable[[str, float], None]
_NUCLEI_UM = 25.0
_MIDDLE = 127  # of a mask that was kept as JPEG
_LEAST = 0.05
"""Share of a tile that must be tumour, and not tumour, so that it can be ranked."""


@dataclass(frozen=True)
class Region:
    """A region of tissue and where its tumour is.

    Attributes
    ----------
    name : str
    pixels : uint8 array, shape (H, W, 3)
    tumour : uint8 array, shape (H, W)
        Bright where a pathologist saw tumour.
    um_per_px : float
    """

    name: str
    pixels: NDArray[np.uint8]
    tumour: NDArray[np.uint8]
    um_per_px: float


def regions_of(folder: Path, um_per_px: float) -> list[Region]:
    """Read every region of a folder whose mask stands beside it: `1.jpg` and `1_tumour.png`.

    Raises
    ------
    DatasetError
        If there is none, or a mask is not as large as its region.
    ImageError
        If a file cannot be read.
    """
    regions = []
    for mask in sorted(folder.glob(f"*{MASK}.*")):
        name = mask.stem.removesuffix(MASK)
        beside = [path for path in sorted(folder.glob(f"{name}.*")) if path.stem == name]
        if not beside:
            continue
        pixels, tumour = read_image(beside[0]).pixels, read_image(mask).pixels[..., 0]
        if pixels.shape[:2] != tumour.shape:
            raise DatasetError(
                f"{mask.name} has {tumour.shape[1]}×{tumour.shape[0]} px and {beside[0].name} "
                f"{pixels.shape[1]}×{pixels.shape[0]}; give a mask of the same size."
            )
        regions.append(Region(name, pixels, tumour, um_per_px))
    if not regions:
        raise DatasetError(
            f"There is no region with a mask in {folder}. Give a folder that holds, for instance, "
            f"1.jpg and 1{MASK}.png, bright where tumour is."
        )
    return regions


def locate(
    classifier: Classifier,
    regions: Sequence[Region],
    regions_of_what: str,
    methods: Sequence[str] = tuple(FUNCTIONS),
    progress: Progress = lambda *_: None,
) -> Located:
    """Measure how well the map and the explanations find the tumour.

    Parameters
    ----------
    classifier : Classifier
        Of two classes.
    regions : sequence of Region
    regions_of_what : str
        What they are, in words for the card.
    methods : sequence of str
        Explanations to try.
    progress : callable
        Told what is being done and the share done.

    Raises
    ------
    PackageError
        If the model has no positive class, or no region has a tile that is part tumour.
    """
    if classifier.card.positive_index is None:
        raise PackageError(
            f"{classifier.card.name!r} has more than two classes, so none is the tumour. "
            "Choose a model of two classes."
        )
    steps = len(regions) + len(methods)
    whole = []
    for number, region in enumerate(regions):
        progress("Answering regions", number / steps)
        whole.append(_of_region(classifier, region))
    tiles = [_mixed_tiles(classifier, region) for region in regions]
    inputs, masks = (np.concatenate(parts) for parts in zip(*tiles, strict=True))
    if not len(inputs):
        raise PackageError("No tile of these regions is partly tumour: give larger regions.")
    um_per_px = classifier.card.input.field_um / classifier.card.input.width
    by_method = []
    for number, method in enumerate(methods, start=len(regions)):
        progress("Explaining tiles", number / steps)
        maps = explain(classifier, inputs, classifier.card.positive_index, method)  # type: ignore[arg-type]
        by_method.append(LocatedMethod(method=method, auroc=_mean_auroc(masks, maps)))
    progress("Explaining tiles", 1.0)
    return Located(
        regions_of=regions_of_what,
        regions=tuple(whole),
        tiles=len(inputs),
        nuclei=_mean_auroc(masks, [nuclei(tile, um_per_px) for tile in inputs]),
        methods=tuple(by_method),
    )


def nuclei(pixels: NDArray[np.uint8], um_per_px: float) -> NDArray[np.float32]:
    """Haematoxylin around each pixel, (H, W): the baseline."""
    return np.asarray(
        cv2.GaussianBlur(rgb_to_hed(pixels)[..., 0], (0, 0), _NUCLEI_UM / um_per_px), np.float32
    )


def _of_region(classifier: Classifier, region: Region) -> LocatedRegion:
    """The map, the heatmap and the baseline of one region."""
    card, pixels = classifier.card, region.pixels
    positive = card.positive_index or 0
    scale = plan_scale(None, region.um_per_px, card.input, *pixels.shape[:2])
    answer = answer_image(
        pixels, scale, classifier, explainer(classifier, card.heatmap_layer), positive
    )
    if answer.tiles is None:
        raise PackageError(
            f"The region {region.name} is not larger than a tile: give larger regions."
        )
    chances = answer.tiles.probability_map(positive)
    trained = card.input.um_per_px
    baseline = nuclei(shrink(pixels, region.um_per_px / trained), trained)
    threshold = card.operating_point.threshold if card.operating_point else 0.5
    truth = resize(region.tumour, *chances.shape) > _MIDDLE
    known = ~np.isnan(chances)
    called = chances >= threshold

    def ranked(values: NDArray[np.float32]) -> tuple[float, bool]:
        values = np.asarray(
            cv2.resize(values, chances.shape[::-1], interpolation=cv2.INTER_AREA), np.float32
        )
        shown = known & ~np.isnan(values)
        highest = truth.ravel()[np.argmax(np.where(shown, values, -np.inf))]
        return float(roc_auc_score(truth[shown], values[shown])), bool(highest)

    (by_map, map_points), (by_heat, heat_points), (by_nuclei, nuclei_point) = map(
        ranked, (chances, answer.tiles.heatmap(), baseline)
    )
    return LocatedRegion(
        name=region.name,
        probability_map=by_map,
        heatmap=by_heat,
        nuclei=by_nuclei,
        map_points=map_points,
        heatmap_points=heat_points,
        nuclei_point=nuclei_point,
        found=float(called[known & truth].mean()),
        called_besides=float(called[known & ~truth].mean()),
    )


def _mixed_tiles(
    classifier: Classifier, region: Region
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Tiles of a region that are part tumour and part not, (n, h, w, 3), and their masks."""
    spec = classifier.card.input
    small = shrink(region.pixels, region.um_per_px / spec.um_per_px)
    height, width = small.shape[:2]
    truth = resize(region.tumour, height, width)
    side = round(spec.field_um / spec.um_per_px)
    grid = tile_grid(height, width, side, side)
    tiles = [resize(tile, spec.height, spec.width) for tile in cut(small, grid)]
    masks = [
        resize(truth[top : top + side, left : left + side], spec.height, spec.width) > _MIDDLE
        for top, left in grid.origins
    ]
    mixed = [at for at, mask in enumerate(masks) if _LEAST <= mask.mean() <= 1 - _LEAST]
    shape = (len(mixed), spec.height, spec.width)
    return (
        np.array([tiles[at] for at in mixed], np.uint8).reshape(*shape, 3),
        np.array([masks[at] for at in mixed], bool).reshape(shape),
    )


def _mean_auroc(masks: NDArray[np.bool_], maps: Sequence[NDArray] | NDArray) -> float:
    pairs = zip(masks, maps, strict=True)
    return float(np.mean([roc_auc_score(mask.ravel(), shown.ravel()) for mask, shown in pairs]))
