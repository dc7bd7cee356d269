"""Run folders as runs leave them behind, without any training."""

import json
import shutil
from pathlib import Path
from typing import Any

from core.jobs.lock import take
from core.registry.card import Card
from core.training.request.override import override
from core.training.request.recipe import load_recipe
from core.training.request.request import Request

START = 1_790_000_000.0  # seconds since 1970
STEPS = 4
AUROC, INTERVAL, COLOUR = 0.873, (0.812, 0.934), 0.791

Row = dict[str, Any]


def epoch_row(epoch: int) -> Row:
    """A row of a history that gets better, then worse from epoch 3 on; one AUROC is unknown."""
    loss = 0.7 - 0.1 * epoch if epoch <= 3 else 0.4 + 0.05 * (epoch - 3)
    return {
        "epoch": epoch,
        "phase": "all",
        "loss": 0.8 - 0.1 * epoch,
        "accuracy": 0.6 + 0.05 * epoch,
        "auroc": 0.65 + 0.05 * epoch,
        "val_loss": loss,
        "val_accuracy": 0.55 + 0.05 * epoch,
        "val_auroc": None if epoch == 1 else 0.6 + 0.05 * epoch,
        "learning_rate": 1e-3,
        "seconds": 2.5,
        "images_per_second": 321.0,
        "memory_mb": 1234.0,
    }


class MadeUpRuns:
    """Writes runs into a LOBULE_HOME; `held` are the locks of those that pretend to live."""

    def __init__(self, home: Path, package: Path) -> None:
        self.home = home
        self.package = package
        self.held: list[int] = []

    def add(
        self,
        name: str,
        state: str,
        *,
        epochs: int = 0,
        data: Path = Path("/data/made up"),
        changes: tuple[str, ...] = (),
        hour: int = 0,
        images: str = "a",
    ) -> str:
        """Write one run; returns its id. `hour` is when it was asked for, and orders them.

        `images` stands for what was in the data then: the first letter of their fingerprint.
        """
        at = START + 3600 * hour
        run = f"20260921-{hour:02}0000-{name}"
        folder = self.home / "runs" / run
        folder.mkdir(parents=True)
        recipe = override(load_recipe("cnn3"), ["train.epochs=5", *changes])
        request = Request(recipe=recipe, data=data, name=name)
        (folder / "request.json").write_text(request.model_dump_json())
        events: list[Row] = [{"at": at, "event": "queued"}]
        if state != "waiting":
            events.append({"at": at + 1, "event": "started", "device": "a made-up device"})
            events.append({"at": at + 2, "event": "stage", "name": "Reading images", "done": 0.5})
        for epoch in range(1, epochs + 1):
            values = {"epoch": epoch, "epochs": 5, "step": STEPS, "steps": STEPS, "loss": 0.5}
            values |= {"learning_rate": 1e-3, "images_per_second": 321.0}
            events.append({"at": at + 10 * epoch, "event": "step", **values})
            events.append({"at": at + 10 * epoch, "event": "epoch", **epoch_row(epoch)})
        end: Row = {"at": at + 70, "event": state}
        if state == "failed":
            end["message"] = "The loss is <b>no number</b>. Lower the rate."
        if state == "finished" or (state == "cancelled" and epochs):
            end["package"] = name
            self._pack(folder / "package" / name, leaky=recipe.split == "image", images=images)
        if state in {"finished", "cancelled", "failed"}:
            events.append(end)
        lines = "".join(json.dumps(event) + "\n" for event in events)
        (folder / "events.jsonl").write_text(lines)
        (folder / "log.txt").write_text("line one\n\x1b[31mline <b>two</b>\n")
        if state in {"waiting", "running"}:
            lock = take(folder / "lock")
            assert lock is not None
            self.held.append(lock)
        return run

    def write(self, run: str, *events: Row) -> None:
        """Append events to a run, as its process does."""
        with (self.home / "runs" / run / "events.jsonl").open("a") as file:
            file.writelines(json.dumps({"at": START + 999, **event}) + "\n" for event in events)

    def _pack(self, folder: Path, *, leaky: bool, images: str = "a") -> None:
        shutil.copytree(self.package, folder)
        content = json.loads((folder / "card.json").read_text())
        content["name"] = folder.name
        content["training"] |= {"dataset_fingerprint": images.ljust(64, "0")}
        content["evaluation"] |= {"auroc": AUROC, "auroc_interval": INTERVAL, "leaky": leaky}
        content["evaluation"] |= {"colour_auroc": COLOUR, "patients": 9, "images": 1234}
        (folder / "card.json").write_text(Card.model_validate(content).to_json())
