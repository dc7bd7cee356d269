"""How long 1, 8 and 64 GPUs, or cores, take for a sweep and for an archive of slides, simulated.

    LOBULE_HOME=/tmp/home python benchmarks/cluster_size.py --data ../shared/data/idc \
        --from ../shared/data/slides/cmu-1-small-region.svs

What tasks cost is measured first, in about two minutes (`benchmarks/parts/cluster_times.py`), in
seconds of processor cores. What a GPU takes is reckoned from that by one ratio: how many images a
second ResNet-50 answers there, as published, and here. The cluster is then simulated event by event
(`benchmarks/parts/cluster.py`). Beside each simulated time stand lower bounds that can be worked
out by hand. `docs/cluster.md` says what is measured, published and assumed.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Threads that wait for each other would be counted as work.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
os.environ["TF_NUM_INTEROP_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.parts.cluster_tables import print_all
from benchmarks.parts.cluster_times import measure


def main() -> None:
    """Measure, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/idc"))
    parser.add_argument("--from", dest="source", type=Path, required=True, help="a slide")
    given = parser.parse_args()
    print_all(measure(given.data, given.source))


if __name__ == "__main__":
    main()
