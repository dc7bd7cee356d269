"""A made-up dataset: patches of phantoms, no patient's images, with a few flaws to find."""

from pathlib import Path

import cv2
import numpy as np

from core.imaging.phantom import render_phantom

SIDE = 96  # px
UM_PER_PX = 2.0
PATIENTS = 10
MOST = 14  # patches of each patient


def write_phantoms(folder: Path) -> None:
    """Write patches with `manifest.csv` into a folder.

    Each patient is one phantom with a stain of its own. One image is of a second patient too, one
    is damaged, and one is out of focus.
    """
    rows = ["path,label,patient,um_per_px"]
    for patient in range(1, PATIENTS + 1):
        random = np.random.default_rng(patient)
        phantom = render_phantom(patient, 500, 760, UM_PER_PX)
        pixels = 255 * (phantom.pixels / 255.0) ** random.uniform(0.75, 1.3, 3)
        counts = {"dense": 0, "normal": 0}
        for top, left in random.permutation(
            [(y, x) for y in range(0, 500 - SIDE, SIDE) for x in range(0, 760 - SIDE, SIDE)]
        ).tolist():
            window = np.s_[top : top + SIDE, left : left + SIDE]
            share = phantom.dense[window].mean()
            label = "dense" if share > 0.6 else "normal" if share < 0.05 else None
            if label is None or pixels[window].mean() > 235 or counts[label] == MOST // 2:
                continue
            counts[label] += 1
            name = f"P{patient:02}/{label}_x{left}_y{top}.png"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            patch = np.rint(pixels[window]).astype(np.uint8)[..., ::-1]
            if patient == 4 and counts == {"dense": 1, "normal": 1}:
                patch = cv2.GaussianBlur(patch, (0, 0), 5)
            cv2.imwrite(str(folder / name), patch)
            rows.append(f"{name},{label},P{patient:02},{UM_PER_PX}")
    first = folder / rows[1].split(",")[0]
    twin = f"P{PATIENTS:02}/{first.name.split('_')[0]}_copy.png"
    (folder / twin).write_bytes(first.read_bytes())
    rows.append(f"{twin},{rows[1].split(',')[1]},P{PATIENTS:02},{UM_PER_PX}")
    damaged = folder / rows[20].split(",")[0]
    damaged.write_bytes(damaged.read_bytes()[:500])
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
