"""How long the server takes for what one does on the Diagnose page once images are answered.

A window without a browser (`benchmarks/parts/visitor.py`) on an app that runs as `make app` starts
it: from a click until the server has sent the last of what it draws; medians of several clicks.
Baseline: the page About, which holds words alone, drawn again. Aim: 150 ms.

    PYTHONPATH=. python benchmarks/interactions.py --from ../shared/data/idc/10253/0
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.parts.visitor import Visitor
from tests.browser.conftest import free_port, serving

AIM = 150  # ms
TIMES = 9
Act = Callable[[Visitor, int], float]
ACTS: dict[str, Act] = {
    "next image": lambda window, _: window.act("Next", trigger_value=True),
    "previous image": lambda window, _: window.act("Previous", trigger_value=True),
    "opacity of the map": lambda window, turn: window.act(
        "Opacity of the map, %", double_array_value=[20.0 + 5 * turn]
    ),
    "colours of the map": lambda window, turn: window.act(
        "Colours", string_value=("Viridis", "Cividis")[turn % 2]
    ),
    "class of the heatmap": lambda window, turn: window.act(
        "Heatmap for", string_value=("IDC", "no IDC")[turn % 2]
    ),
    "other explanations opened": lambda window, turn: window.act(
        "Other explanations", bool_value=turn % 2 == 0
    ),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--from", dest="source", type=Path, required=True)
    source = parser.parse_args().source
    files = {path.name: path.read_bytes() for path in sorted(source.glob("*.png"))[:4]}
    print("| | server, ms | slowest | over the baseline |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LOBULE_HOME"] = str(Path(folder) / "home")
        with serving(Path(folder), free_port()) as server:
            base = _baseline(server.url)
            window = Visitor(server.url)
            window.until(lambda it: it.uploader is not None and not it.running, 300)
            window.give(files)
            window.shows("Save as case", 300)
            window.until(lambda it: "desk_stop" not in it.text and not it.running, 300)
            for name, act in ACTS.items():
                act(window, 0)
                times = [1000 * act(window, turn) for turn in range(1, TIMES + 1)]
                middle = median(times)
                mark = "" if middle <= AIM else " ▲"
                print(f"| {name} | {middle:.0f}{mark} | {max(times):.0f} | {middle / base:.1f} |")
            window.close()
    print(f"\nBaseline: the page About drawn again, {base:.0f} ms. ▲: more than {AIM} ms.")


def _baseline(url: str) -> float:
    window = Visitor(url, "about")
    window.until(lambda it: not it.running and bool(it.drawn), 300)
    times = [1000 * window.again() for _ in range(TIMES)]
    window.close()
    return median(times)


if __name__ == "__main__":
    main()
