"""Which model real pictures are sent to, and what choosing costs beside answering.

Each picture goes through the automatic choice (`core.choice`), by its name and without it. "Knows"
is the model that was trained on such pictures: for BreaKHis fields of 100X and more it is for
demonstration, so it is offered and does not answer by itself. Pictures without tissue are those of
`benchmarks/parts/not_tissue.py`; all of them must be refused.

    PYTHONPATH=. python benchmarks/routing.py --data ../shared/data
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.parts import not_tissue
from core.choice import choose
from core.datasets.idc import stitch
from core.datasets.open import open_dataset
from core.datasets.published_scale import IDC_UM_PER_PX, scale_by_name
from core.diagnosis import diagnose
from core.errors import ImageError, NoModelError
from core.imaging.overlay import encode_png
from core.imaging.read import read_image

EACH = 60


@dataclass(frozen=True)
class Picture:
    """A picture, its kind, and what is known of it."""

    kind: str
    content: bytes
    name: str = "picture.png"
    um_per_px: float | None = None


def main() -> None:
    """Print a row a kind of picture, and the cost of choosing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    rows: dict[str, Counter[str]] = {}
    costs: list[float] = []
    for picture in pictures(data):
        where = sent(picture)
        rows.setdefault(picture.kind, Counter())[where] += 1
        if where in {"idc", "breakhis-binary"} and len(costs) < EACH:
            costs.append(cost(picture))
    print(f"{'pictures':44s} {'n':>4s}  sent to (share)")
    for kind, counts in rows.items():
        total = counts.total()
        told = ", ".join(f"{where} {number / total:.0%}" for where, number in counts.most_common())
        print(f"{kind:44s} {total:4d}  {told}")
    print(
        f"choosing costs {np.median(costs):.1%} of the answer (median of {len(costs)} pictures; "
        f"90th percentile {np.quantile(costs, 0.9):.1%})"
    )


def sent(picture: Picture) -> str:
    """Which model answers a picture, is offered for it, or that none does."""
    try:
        image = read_image(picture.content)
        named = scale_by_name(picture.name, image.info.width, image.info.height)
        return choose(image, picture.um_per_px, named).package.card.name
    except NoModelError as error:
        if error.offers:
            return f"{error.offers[0].card.name} offered"
        return "asks for the scale" if error.plausible else "refused"
    except ImageError:
        return "unreadable"


def cost(picture: Picture) -> float:
    """Seconds of choosing over those of the answer, the model being loaded."""
    started = time.perf_counter()
    answer = diagnose(picture.content, name=picture.name, um_per_px=picture.um_per_px)
    whole = time.perf_counter() - started
    return answer.timings["choose"] / (whole - answer.timings["choose"])


def pictures(data: Path) -> Iterator[Picture]:
    """Yield pictures of each kind."""
    random = np.random.default_rng(0)
    for magnification in ("40X", "100X", "200X", "400X"):
        files = sorted((data / "breakhis").glob(f"**/{magnification}/*.png"))
        for index in random.permutation(len(files))[:EACH]:
            content = files[index].read_bytes()
            yield Picture(f"BreaKHis {magnification} by its name", content, files[index].name)
            yield Picture(f"BreaKHis {magnification} without its name", content)
    files = sorted((data / "idc").glob("*/*/*.png"))
    for index in random.permutation(len(files))[:EACH]:
        content = files[index].read_bytes()
        yield Picture("IDC patches by their name", content, files[index].name)
        yield Picture("IDC patches without their name", content)
    dataset = open_dataset(data / "idc")
    for patient in sorted(dataset.records["patient"].unique())[:EACH:6]:
        slide = encode_png(stitch(dataset, patient)[0])
        yield Picture("IDC slides, stitched, scale stated", slide, um_per_px=IDC_UM_PER_PX)
        yield Picture("IDC slides, stitched, no scale", slide)
    for file in sorted((data / "regions").glob("[0-9]*[0-9].jpg")):
        yield Picture("regions, scale stated", file.read_bytes(), um_per_px=0.25)
        yield Picture("regions, no scale", file.read_bytes())
    for file in sorted((data / "slides").glob("cmu*.svs")):
        yield Picture("H&E that is no breast (skin), its own scale", file.read_bytes())
    for stranger in not_tissue.pictures():
        yield Picture("no tissue", encode_png(stranger.pixels))


if __name__ == "__main__":
    main()
