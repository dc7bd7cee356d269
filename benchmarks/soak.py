"""Memory of one process over many answers in a row, as the desk of the Diagnose page keeps them.

PYTHONPATH=. python benchmarks/soak.py --model idc --answers 1000
"""

import argparse
import gc
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image

from core.registry.shelf import find
from pages.desk.answers import Failure, Query, ask
from pages.desk.state import MOST_IMAGES, Desk, Upload

FIRST = 50


def main() -> None:
    """Print memory after the first answers and at the end, and the growth between them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="idc")
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--side", type=int, default=50, help="pixels of the images")
    arguments = parser.parse_args()
    package, desk = find(arguments.model), Desk("soak")
    started = time.perf_counter()
    early = 0.0
    for number in range(arguments.answers):
        content = picture(number, arguments.side)
        upload = Upload(str(number), f"{number}.png", lambda content=content: content)  # type: ignore[misc]
        answer = ask(Query(upload, package, package.card.input.um_per_px), desk=desk)
        if isinstance(answer, Failure):
            raise SystemExit(answer.reason)
        if number + 1 == FIRST:
            early = megabytes()
        desk.put([upload])
        if len(desk.images) == MOST_IMAGES:
            desk.remove(list(desk.images))  # as a user must before more can be put there
    late = megabytes()
    seconds = time.perf_counter() - started
    print(
        f"{arguments.answers} answers of {arguments.model}, {arguments.side} px, {seconds:.0f} s: "
        f"{early:.0f} MB after {FIRST}, {late:.0f} MB at the end, growth {late / early - 1:+.1%}"
    )


def picture(seed: int, side: int) -> bytes:
    """A small picture in the colours of stained tissue, as a file."""
    noise = np.random.default_rng(seed).integers(-40, 40, (side, side, 3))
    buffer = io.BytesIO()
    Image.fromarray((np.array([180, 100, 170]) + noise).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def megabytes() -> float:
    """Resident memory of this process that is its own."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    main()
