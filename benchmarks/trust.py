"""Measure what the shipped models say of when their answers may be used, on patients left out.

Every figure comes with the numbers that it rests on and a 95 % interval by bootstrap over patients,
and over the strangers to the model, pictures or another data set's patients.

- Scope: AUROC of the distance from training features, of pictures that show no tissue and of the
  other data set's images, against images of patients who are left out of what the distance is
  measured from. Every patient counts the same, and every picture. Then the share that is refused,
  by the distance alone and by any test of the package as it ships, where the file states no scale.
- False alarms: the share of left-out patients' images that the distance refuses.
- Prediction sets: coverage on left-out patients, class by class.
- Calibration: expected calibration error and log loss before and after temperature scaling; the
  temperature was fitted on other patients than those who are judged.
- What the eight flips and turns cost beside the answer.

    PYTHONPATH=. python benchmarks/trust.py --data ../shared/data

It takes the features of every training image anew and fits each recipe again without each patient:
about half an hour on two cores. Only probes can be measured so: their features have seen nobody.

The last lines say of each model whether its scope test meets the target; the exit code is 1 if not.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.parts.home import (
    Figure,
    HeldOutProbabilities,
    Home,
    calibration,
    held_out_answers,
    open_home,
)
from benchmarks.parts.not_tissue import OTHER_STAIN, pictures
from benchmarks.parts.strangers import (
    Look,
    Stranger,
    farther,
    mean_of_table,
    share_of_groups,
)
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.diagnosis import diagnose, warm_up
from core.evaluation.conformal import coverage
from core.evaluation.scope_distance import false_alarms_by_patient, left_out_distances
from core.imaging.read import read_image
from core.inference.tile_size import plan_scale

FOLDERS = {"idc": "idc", "breakhis-binary": "breakhis"}
OTHER = {"idc": "breakhis", "breakhis": "idc"}
# Images of each patient of the other data set: a patient's images are much alike.
PER_PATIENT = {"breakhis": 2, "idc": 20}
TIMED = 10
OFTEN = 0.2
# AUROC of the scope test on pictures that show no tissue.
LEAST_AUROC = 0.98


def main() -> int:
    """Print the figures of each model; return 1 if the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="*", choices=FOLDERS, default=list(FOLDERS))
    arguments = parser.parse_args()
    aurocs: dict[str, float] = {}
    for name in arguments.only:
        own = FOLDERS[name]
        home = open_home(name, arguments.data / own)
        people = len(np.unique(home.patients.astype(str)))
        print(f"\n== {name}: {len(home.labels)} images of {people} patients of {own}", flush=True)
        print_false_alarms(home)
        foreign = open_dataset(arguments.data / OTHER[own])
        aurocs[name] = print_strangers(home, OTHER[own], foreign)
        answers = held_out_answers(home)
        print_coverage(home, answers)
        print_calibration(home, answers)
        print_cost(home)
    return print_target(aurocs)


def print_target(aurocs: dict[str, float]) -> int:
    """Print for each model whether its AUROC meets the target; return 1 if any misses it."""
    print()
    met = {name: auroc >= LEAST_AUROC for name, auroc in aurocs.items()}
    for name, auroc in aurocs.items():
        print(
            f"target for {name}, AUROC of the scope test on pictures that show no tissue at least "
            f"{LEAST_AUROC}: {'met' if met[name] else 'MISSED'} ({auroc:.4f})"
        )
    return 0 if all(met.values()) else 1


def print_false_alarms(home: Home) -> None:
    """How many images of left-out patients the distance refuses."""
    values = left_out_distances(home.features[0], home.labels, home.patients)
    shares = false_alarms_by_patient(values, home.patients)
    scope = home.package.card.scope
    wished = scope.wished_false_alarms if scope else 0.0
    print(
        f"false alarms on left-out patients: {shown(mean_of_table(shares[:, np.newaxis]), 3)} "
        f"(wished {wished:.2f}); more than {OFTEN:.0%} of the images refused of "
        f"{(shares > OFTEN).sum()} of {len(shares)} patients, at most {shares.max():.0%}"
    )


def print_strangers(home: Home, other: str, foreign: Dataset) -> float:
    """AUROC and shares refused of everything not the model's own; return that of no tissue."""
    look = Look(home.classifier)
    strangers = [*of_pictures(look), *of_other(look, other, foreign)]
    table = farther(home, strangers)
    groups = sorted({stranger.group for stranger in strangers})
    kind_of = {stranger.group: stranger.kind for stranger in strangers}
    kinds = list(dict.fromkeys(stranger.kind for stranger in strangers))
    no_tissue = [kind for kind in kinds if kind not in (OTHER_STAIN, other)]
    without = [number for number, group in enumerate(groups) if kind_of[group] in no_tissue]
    print(
        "strangers                       images  groups  AUROC                 refused by ", end=""
    )
    print("distance      refused by any test")
    for title, chosen in (
        *((kind, [kind]) for kind in no_tissue),
        ("all that show no tissue", no_tissue),
        (OTHER_STAIN, [OTHER_STAIN]),
        (f"{other} images, by patient", [other]),
    ):
        columns = [number for number, group in enumerate(groups) if kind_of[group] in chosen]
        here = [stranger for stranger in strangers if stranger.kind in chosen]
        names = [stranger.group for stranger in here]
        print(
            f"{title:30s}  {len(here):6d}  {len(columns):6d}  "
            f"{shown(mean_of_table(table[:, columns]), 3):20s}  "
            f"{shown(share_of_groups([one.far for one in here], names)):23s}  "
            f"{shown(share_of_groups([one.refused for one in here], names))}",
            flush=True,
        )
    scales = foreign.records["um_per_px"].to_numpy(dtype=np.float64)
    spec = home.package.card.input
    outside = [
        not plan_scale(scale, None, spec, 10_000, 10_000).in_range for scale in np.unique(scales)
    ]
    print(
        f"{other} images whose file states their scale: refused at {sum(outside)} of "
        f"{len(outside)} scales ({', '.join(f'{scale:g}' for scale in np.unique(scales))} µm/px)"
    )
    return mean_of_table(table[:, without])[0]


def of_pictures(look: Look) -> Iterator[Stranger]:
    """The pictures that show no tissue, each a group of its own."""
    for picture in pictures():
        yield look.at(picture.kind, f"{picture.kind}: {picture.name}", picture.pixels)


def of_other(look: Look, other: str, foreign: Dataset) -> Iterator[Stranger]:
    """A few images of each patient of the other data set."""
    chosen = foreign.records.groupby("patient").sample(frac=1, random_state=0)
    for row in chosen.groupby("patient").head(PER_PATIENT[other]).itertuples():
        pixels = read_image(foreign.root / str(row.path)).pixels
        yield look.at(other, f"{other} patient {row.patient}", pixels)


def print_coverage(home: Home, answers: HeldOutProbabilities) -> None:
    """How often the prediction sets of left-out patients hold the right class."""
    conformal = home.package.card.conformal
    level = conformal.level if conformal else 0.9
    rows = answers.rows
    print(f"prediction sets at {level:.0%}, by class, on left-out patients:")
    for found in coverage(answers.after, home.labels[rows], home.patients[rows], level):
        images = len(np.unique(rows[home.labels[rows] == found.label]))
        print(
            f"  {home.dataset.classes[found.label]:22s} coverage "
            f"{shown((found.coverage, found.interval))}, one class alone in {found.single:.2f}; "
            f"{images} images of {found.patients} patients"
        )


def print_calibration(home: Home, answers: HeldOutProbabilities) -> None:
    """Expected calibration error before and after."""
    people = len(np.unique(home.patients[answers.rows].astype(str)))
    for title, figures in calibration(home, answers).items():
        print(f"{title}: " + ", ".join(f"{name} {shown(one, 3)}" for name, one in figures.items()))
    low, high = answers.temperatures
    print(
        f"  of {len(np.unique(answers.rows))} images of {people} left-out patients; temperatures "
        f"fitted without them {low:.2f} to {high:.2f}, the card's "
        f"{home.package.card.temperature:.2f}; the answers differ from the package's predictions "
        f"by at most {answers.difference:.4f}"
    )


def print_cost(home: Home) -> None:
    """Milliseconds of an answer, and of the flips and turns in it."""
    warm_up(home.package)
    path = home.dataset.root / str(home.dataset.records["path"].iloc[0])
    spec = home.package.card.input
    one = np.zeros((1, spec.height, spec.width, 3), np.uint8)
    answers, views = [], []
    for _ in range(TIMED):
        answers.append(diagnose(path, package=home.package).timings["answer"])
        started = time.perf_counter()
        home.classifier.spread_over_views(one, 0)
        views.append(time.perf_counter() - started)
    print(
        f"one image: {1000 * np.median(answers):.0f} ms, of which eight views of one tile "
        f"{1000 * np.median(views):.0f} ms (medians of {TIMED})"
    )


def shown(figure: Figure, digits: int = 2) -> str:
    """A value with its interval."""
    value, bounds = figure
    inside = f"{bounds[0]:.{digits}f}–{bounds[1]:.{digits}f}" if bounds else "no interval"
    return f"{value:.{digits}f} [{inside}]"


if __name__ == "__main__":
    raise SystemExit(main())
