"""Where the tumour is: the probability map and each explanation against the pathologists' mask.

    python benchmarks/where.py --data ../shared/data/regions [--only gradcam occlusion]

Two regions of breast cancer at 0.25 µm/px (BCSS, Amgad et al. 2019); `core.explain.localisation`
says what is measured; the baseline, which knows nothing of tumours, stands beside it.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.cli.explain import located_table
from core.explain.localisation import locate, regions_of
from core.explain.methods.catalogue import METHODS
from core.inference.classifier import get_classifier
from core.registry.shelf import find

UM_PER_PX = 0.25


def main() -> None:
    """Print both tables."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--data", type=Path, default=Path("../shared/data/regions"))
    arguments.add_argument("--model", default="idc")
    arguments.add_argument("--only", nargs="*", choices=list(METHODS), default=list(METHODS))
    chosen = arguments.parse_args()
    classifier = get_classifier(find(chosen.model))
    found = locate(classifier, regions_of(chosen.data, UM_PER_PX), "of BCSS", chosen.only)
    print("\n".join(located_table(found)))


if __name__ == "__main__":
    main()
