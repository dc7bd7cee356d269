"""The journey of a sweep: candidates and a dataset in, answers of every fold, a result out."""

import hashlib
import os
import socket
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.cluster import Files, Task, compute, require_reachable
from core.datasets.records import Dataset
from core.encoders.seen import seen_in_pretraining
from core.encoders.shelf import CARD_FILE, find_encoder
from core.evaluation.colour_alone import FOLDS
from core.evaluation.predictions import Predictions
from core.settings import get_settings
from core.training.request.recipe import ENCODER, Recipe
from core.training.sweep.answers import (
    FoldAnswer,
    SweepMaterial,
    answer_by_colour,
    answer_by_fit,
    answer_by_probe,
)
from core.training.sweep.data import SweepData, for_colour, open_data
from core.training.sweep.judge import TriedCandidate, judge_sweep
from core.training.sweep.kept import keep_answer, known_answer
from core.training.sweep.result import SweepResult
from core.training.sweep.sweep_file import Sweep, SweepCandidate, candidates_of
from core.training.sweep.teller import Teller

_COLOUR = "colour"
_VERSION = b"1"  # of what computes answers: those of another are not mixed with these


class _Asked(NamedTuple):
    """A piece of work of a candidate under a seed."""

    name: str
    place: tuple[int, int]
    work: Task
    digest: str


def run_sweep(sweep: Sweep, answer_folder: Path, teller: Teller) -> tuple[SweepResult, Predictions]:
    """Compute what is missing, then judge.

    Parameters
    ----------
    sweep : Sweep
    answer_folder : Path
        Folder of the answers, which are found again when it is called once more.
    teller : Teller

    Returns
    -------
    SweepResult
    Predictions
        Held out, each fold's by the candidate that its validation patients chose.

    Raises
    ------
    Stopped
        If the teller says so.
    LobuleError
        If the data, a recipe or the cluster cannot be used, or no candidate gave an answer.
    """
    candidates = candidates_of(sweep)
    require_reachable()
    address = get_settings().ray
    cards = 0 if address else _cards()
    teller.begins(f"the Ray cluster {address}" if address else f"this machine, {_of(cards)}")
    opened = open_data(sweep, candidates, teller)
    answers: dict[tuple[int, int], list[FoldAnswer]] = defaultdict(list)
    seconds: dict[int, float] = defaultdict(float)
    failed: dict[str, str] = {}
    colour = None
    pieces = {piece.work.key: piece for piece in _pieces(sweep, candidates, opened)}
    missing = []
    for piece in pieces.values():
        known = known_answer(answer_folder / piece.work.key, piece.digest)
        if known is None:
            missing.append(piece.work)
        else:
            answers[piece.place] += known.folds
            seconds[piece.place[0]] += known.seconds
    teller.planned(len(pieces) + 1, len(pieces) - len(missing))
    names = {key: piece.name for key, piece in pieces.items()} | {_COLOUR: "colour alone"}
    # The longest first would end sooner, but nobody knows how long they take: as in the file.
    works = [_colour_work(opened, candidates), *missing]
    for outcome in compute(
        works,
        sweep.cores,
        lambda note: teller.heard(note, names[note.key]),
        teller.check,
        cards,
        lambda key: key == _COLOUR or candidates[pieces[key].place[0]].name not in failed,
    ):
        key = outcome.key
        reason = None if outcome.error is None else str(outcome.error)
        teller.came(key, names[key], outcome.seconds, reason)
        if key == _COLOUR:
            if outcome.error is not None:
                raise outcome.error
            colour = outcome.result
            continue
        piece = pieces[key]
        if reason is not None:
            failed.setdefault(candidates[piece.place[0]].name, reason)
            continue
        answers[piece.place] += outcome.result
        seconds[piece.place[0]] += outcome.seconds
        keep_answer(answer_folder / key, piece.digest, outcome.result, outcome.seconds)
    assert colour is not None  # noqa: S101 - it was computed or has raised
    teller.stage("Judging", 0.0)
    tried = [
        TriedCandidate(
            candidate,
            [
                sorted(answers[number, seed], key=lambda each: each.fold)
                for seed in range(len(sweep.seeds))
            ],
            seconds[number],
        )
        for number, candidate in enumerate(candidates)
        if candidate.name not in failed
    ]
    seen = _seen(candidates, opened.dataset)
    judged = judge_sweep(tried, opened.dataset, opened.deals, colour, sweep.seeds, failed, seen)
    teller.stage("Judging", 1.0)
    return judged


def _pieces(
    sweep: Sweep, candidates: Sequence[SweepCandidate], opened: SweepData
) -> Iterator[_Asked]:
    for number, candidate in enumerate(candidates):
        for at, seed in enumerate(sweep.seeds):
            recipe = candidate.recipe.model_copy(update={"seed": seed})
            material, files = opened.material(recipe, at)
            files |= opened.weights(recipe)
            start = f"c{number + 1:03d}-s{seed}"
            name = candidate.name + (f", seed {seed}" if len(sweep.seeds) > 1 else "")
            arguments: dict[str, Any] = {"recipe": recipe, "material": material}
            digest = _digest(recipe, material, opened.whole.fingerprint, files.get("weights"))
            if recipe.probe:
                work = Task(start, answer_by_probe, arguments, files | _encoder(recipe))
                yield _Asked(name, (number, at), work, digest)
                continue
            # What is computed once for all folds is not computed on five machines.
            together = bool(recipe.train and recipe.train.views)
            for tested in [tuple(range(FOLDS))] if together else [(each,) for each in range(FOLDS)]:
                suffix = "" if together else f"-f{tested[0] + 1}"
                words = name if together else f"{name}, fold {tested[0] + 1} of {FOLDS}"
                work = Task(start + suffix, answer_by_fit, arguments | {"tested": tested}, files)
                yield _Asked(words, (number, at), work, f"{digest} {tested}")


def _colour_work(opened: SweepData, candidates: Sequence[SweepCandidate]) -> Task:
    material, files = opened.material(for_colour(candidates), 0)
    arguments = {"material": material, "deals": opened.deals}
    return Task(_COLOUR, answer_by_colour, arguments, files)


def _seen(candidates: Sequence[SweepCandidate], dataset: Dataset) -> dict[str, str]:
    """Which patients encoders were pretrained on, in a sentence, by the candidate's name."""
    patients = dataset.records["patient"].unique()
    return {
        each.name: seen_in_pretraining(
            find_encoder(each.recipe.encoder).card, patients, dataset.fingerprint
        )
        for each in candidates
        if each.recipe.architecture == ENCODER
    }


def _encoder(recipe: Recipe) -> dict[str, Files]:
    if recipe.architecture != ENCODER:
        return {}
    encoder = find_encoder(recipe.encoder)
    return {"encoder": Files(encoder.path, (*encoder.card.files, CARD_FILE))}


def _digest(
    recipe: Recipe, material: SweepMaterial, fingerprint: str, weights: Files | None
) -> str:
    """What an answer follows from."""
    settings = recipe.model_dump_json(exclude={"name", "title"})
    if recipe.architecture == ENCODER:
        settings += find_encoder(recipe.encoder).card.sha256
    if weights is not None:
        settings += str(weights.hashes)
    settings += os.environ.get("KERAS_BACKEND", "tensorflow")
    folds = np.ascontiguousarray(material.folds).tobytes()
    parts = (_VERSION, settings.encode(), fingerprint.encode(), material.file.encode(), folds)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _cards() -> int:
    from core.training.fitting.device import describe_device  # noqa: PLC0415 - TensorFlow

    device = describe_device()
    return device.count if device.kind == "gpu" else 0


def _of(cards: int) -> str:
    return f"{cards} graphics card{'s' * (cards > 1)}" if cards else socket.gethostname()
