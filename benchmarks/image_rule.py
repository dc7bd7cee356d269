"""Compare rules for answering a whole image from its tiles, on left-out IDC patients.

The shipped package's `predictions.csv` holds each patch's probability from models that had not seen
its patient, and its name says where on the slide it lies. Square windows are cut from these maps;
a window is positive if any of its patches is. Each rule is judged at the package's operating point,
which was made for single patches. The map is smoothed as half-overlapping tiles smooth it.

    PYTHONPATH=. python benchmarks/image_rule.py
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import convolve
from sklearn.metrics import roc_auc_score

from core.datasets.published_scale import IDC_PATCH as PATCH
from core.datasets.published_scale import IDC_UM_PER_PX as UM_PER_PX
from core.inference.tiled import QUANTILE
from core.registry.shelf import find

RULES: dict[str, Callable[[NDArray[np.float64]], np.floating]] = {
    "mean": np.nanmean,
    "upper quartile (ours)": lambda window: np.nanquantile(window, QUANTILE),
    "maximum": np.nanmax,
}
SIDES = (3, 5, 8, 12, 20)  # patches
WEIGHTS = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])


def main() -> None:
    """Print one line a window size and rule."""
    package = find("idc")
    table = pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})
    point = package.card.operating_point
    threshold = point.threshold if point else 0.5
    slides = [slide_maps(answers) for _, answers in table.groupby("patient")]
    print(
        f"{len(table)} patches of {len(slides)} left-out patients, operating point {threshold:.3f}"
    )
    print("side, mm  windows (positive)  rule                   AUROC  sensitivity  specificity")
    for side in SIDES:
        windows = [window for maps in slides for window in cut(*maps, side)]
        labels = np.array([label for _, label in windows])
        for name, rule in RULES.items():
            values = np.array([rule(window) for window, _ in windows])
            print(
                f"{side * PATCH * UM_PER_PX / 1000:8.1f}  {len(windows):7d} ({labels.sum():5d})  "
                f"   {name:21s}  {roc_auc_score(labels, values):.3f}  "
                f"{(values[labels] >= threshold).mean():11.3f}  "
                f"{(values[~labels] < threshold).mean():11.3f}"
            )


def slide_maps(answers: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smoothed probability and label of each patch of a patient; NaN where there is none."""
    places = answers["image"].str.extract(r"_x(\d+)_y(\d+)_").astype(int)
    x, y = (((places[axis] - places[axis].min()) // PATCH).to_numpy() for axis in (0, 1))
    probabilities = np.full((y.max() + 1, x.max() + 1), np.nan)
    labels = probabilities.copy()
    probabilities[y, x] = answers["probability IDC"]
    labels[y, x] = answers["label"] == "IDC"
    known = ~np.isnan(probabilities)
    total = convolve(np.where(known, probabilities, 0.0), WEIGHTS, mode="constant")
    share = convolve(known.astype(float), WEIGHTS, mode="constant")
    return np.where(known, total / np.maximum(share, 1e-9), np.nan), labels


def cut(
    probabilities: NDArray[np.float64], labels: NDArray[np.float64], side: int
) -> list[tuple[NDArray[np.float64], bool]]:
    """Windows of which at least half is known, each with whether any of it is positive."""
    windows = []
    step = max(1, side // 3)
    for top in range(0, max(1, labels.shape[0] - side + 1), step):
        for left in range(0, max(1, labels.shape[1] - side + 1), step):
            here = np.s_[top : top + side, left : left + side]
            if (~np.isnan(labels[here])).sum() >= side**2 / 2:
                windows.append((probabilities[here], bool(np.nansum(labels[here]) > 0)))
    return windows


if __name__ == "__main__":
    main()
