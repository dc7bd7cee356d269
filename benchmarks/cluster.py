"""What a Ray cluster costs beside one pool of processes: the same work on the same two cores.

A cluster of two nodes with a core each is started on this machine, on 127.0.0.1. Both compute the
same folds of a sweep, in turn, or with `--images` answers of `idc` to as many images. Ratios above
1 are what Ray adds: connecting, sending the program and the data, and handing out the pieces.
Starting the cluster is told apart: it is done once.

    PYTHONPATH=. python benchmarks/cluster.py [--data ../shared/data/idc] [--turns 1]
    PYTHONPATH=. python benchmarks/cluster.py --images 4000 [--turns 1]
"""

import argparse
import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.core.cluster.two_nodes import two_nodes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--patients", type=int, default=22)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--images", type=int, help="answer images instead of a sweep")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["LOBULE_HOME"] = folder
        data = options.data.resolve()
        if not options.images:
            data = some_patients(data, options.patients, Path(folder) / "some")
        times: dict[str, list[tuple[float, float]]] = {"one pool": [], "Ray": []}
        figures = set()
        began = time.perf_counter()
        with two_nodes(Path(folder) / "nodes") as nodes:
            print(f"Cluster of two nodes up in {time.perf_counter() - began:.1f} s")
            for _ in range(options.turns):
                for name, address in (("one pool", None), ("Ray", nodes.address)):
                    os.environ.pop("LOBULE_RAY", None)
                    if address:
                        os.environ["LOBULE_RAY"] = address
                    seconds, pieces, figure = (
                        answered(data, options.images)
                        if options.images
                        else swept(data, options.epochs)
                    )
                    times[name].append((seconds, pieces))
                    figures.add(figure)
                    print(f"{name}: {seconds:.1f} s, pieces alone {pieces:.1f} s", flush=True)
    if len(figures) > 1:
        raise SystemExit(f"One pool and Ray do not agree: {sorted(figures)}.")
    whole = {name: median(seconds for seconds, _ in each) for name, each in times.items()}
    alone = {name: median(pieces for _, pieces in each) for name, each in times.items()}
    print()
    print("| | one pool, s | Ray, s | Ray over one pool |")
    print("|---|---|---|---|")
    for name, values in (("all of it", whole), ("its pieces, added up", alone)):
        if not values["one pool"]:
            continue
        ratio = values["Ray"] / values["one pool"]
        print(f"| {name} | {values['one pool']:.1f} | {values['Ray']:.1f} | {ratio:.3f} |")
    what = "Mean probability" if options.images else "Nested AUROC"
    print(f"\n{what} of both: {figures.pop():.9f}")


def answered(data: Path, images: int) -> tuple[float, float, float]:
    """Seconds of answering images, none for its pieces, and the mean probability."""
    from core.assessment.divided import predict_divided  # noqa: PLC0415
    from core.datasets.open import open_dataset  # noqa: PLC0415
    from core.registry.shelf import find  # noqa: PLC0415
    from core.roots import image_files  # noqa: PLC0415

    records = open_dataset(data).records.iloc[:images]
    began = time.perf_counter()
    (found,) = predict_divided(find("idc"), records, image_files(data), lambda _: None)
    return time.perf_counter() - began, 0.0, float(found.probabilities[:, 1].mean())


def swept(data: Path, epochs: int) -> tuple[float, float, float]:
    """Seconds of a sweep from its dataset to its result, those of its pieces, and its figure."""
    from core.training.sweep.run import run_sweep  # noqa: PLC0415 - TensorFlow
    from core.training.sweep.sweep_file import Sweep  # noqa: PLC0415
    from core.training.sweep.teller import Teller  # noqa: PLC0415

    small = {"input_size": 48, "train": {"epochs": epochs, "patience": epochs}}
    recipes = [{"recipe": "cnn3", "set": small, "vary": {"train.learning_rate": [1e-3, 3e-4]}}]
    sweep = Sweep.model_validate({"name": "both", "data": data, "recipes": recipes})
    with TemporaryDirectory() as kept:
        began = time.perf_counter()
        result, _ = run_sweep(sweep, Path(kept), Teller())
        seconds = time.perf_counter() - began
    return seconds, 60 * sum(each.minutes for each in result.candidates), result.nested_auroc.value


def some_patients(data: Path, number: int, folder: Path) -> Path:
    """Links to a few patients' images."""
    folder.mkdir()
    for path in sorted(path for path in data.resolve().iterdir() if path.is_dir())[:number]:
        (folder / path.name).symlink_to(path)
    return folder


if __name__ == "__main__":
    main()
