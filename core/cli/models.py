"""`models`: list, show and verify them; the rest is in models_change."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.models_adopt import adopt
from core.cli.models_change import activate, card, delete, ensemble, export, import_, rename, vouch
from core.cli.output import AsJson, plain, print_json
from core.errors import PackageError
from core.evaluation.estimand import ESTIMANDS
from core.evaluation.few_patients import marked, warning

if TYPE_CHECKING:
    from core.registry.card import Card
    from core.registry.card_results import CardEvaluation, ClassResult, MagnificationResult
    from core.registry.package import Package
    from core.registry.shelf import ShelfEntry

_FITS = {
    "patch": "square patches",
    "crops": "squares cut from fields that tall",
    "squash": "fields that tall, made square",
}

_GONE = "It ships with Lobule but is not there. Restore it from its source."

models = typer.Typer(help="The models at hand.", no_args_is_help=True)
for _command in (adopt, activate, rename, delete, export, card, ensemble, vouch):
    models.command()(_command)
models.command("import")(import_)


@models.command("list")
def list_models(*, as_json: AsJson = False) -> None:
    """List every model; `*` marks the one that answers by default."""
    from core.registry.shelf import active_name, shelf

    entries = shelf()
    try:
        active = active_name()
    except PackageError:
        active = None
    if as_json:
        print_json([_entry_json(entry, active) for entry in entries])
        return
    if not entries:
        typer.echo("No models. Run `make models`, or train one.")
    for entry in entries:
        mark = "*" if entry.package and entry.name == active else " "
        home = "shipped" if entry.shipped else "own"
        line = entry.package.card.title if entry.package else f"REFUSED: {entry.error}"
        typer.echo(f"{mark} {plain(entry.name)}  {home}  {plain(line)}")


@models.command()
def show(name: Annotated[str, typer.Argument()], *, as_json: AsJson = False) -> None:
    """Show a model's card."""
    from core.registry.shelf import find

    package = find(name)
    if as_json:
        typer.echo(package.card.to_json(), nl=False)
        return
    for label, text in _card_lines(package):
        typer.echo(f"{label + ':':<18} {plain(text)}")


@models.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="By default every model.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compute every hash of the models anew; the exit code is 1 if anything is off."""
    from core.registry.shelf import find, shelf

    entries = [entry for entry in shelf() if name in {None, entry.name}]
    if name is not None and not entries:
        find(name)
    results = [{"name": entry.name, "error": _check(entry)} for entry in entries]
    results += [{"name": gone, "error": _GONE} for gone in _missing() if name in {None, gone}]
    if as_json:
        print_json(results)
    else:
        for result in results:
            typer.echo(f"{plain(str(result['name']))}: {plain(result['error'] or 'sound')}")
    if any(result["error"] for result in results):
        raise typer.Exit(1)


def _check(entry: "ShelfEntry") -> str | None:
    from core.registry.package import verify as verify_files
    from core.registry.shipped import check_vouched

    if entry.package is None:
        return entry.error
    try:
        verify_files(entry.package.path)
        if entry.shipped:
            check_vouched(entry.package.path, every_file=True)
    except PackageError as error:
        return str(error)
    return None


def _missing() -> list[str]:
    from core.registry.shipped import missing
    from core.settings import get_settings

    try:
        return missing(get_settings().shipped_models)
    except PackageError:  # which the models say that are there
        return []


def _entry_json(entry: "ShelfEntry", active: str | None) -> dict[str, object]:
    package = entry.package
    return {
        "name": entry.name,
        "title": package.card.title if package else None,
        "shipped": entry.shipped,
        "active": package is not None and entry.name == active,
        "model_sha256": package.model_sha256 if package else None,
        "error": entry.error,
    }


def _card_lines(package: "Package") -> Iterator[tuple[str, str]]:
    """Yield what a reader wants to know of a model first; the card itself holds the rest."""
    from core.registry.card_words import (
        architecture_of,
        explained,
        located,
        summary_of,
        trained_on,
    )

    card, spec = package.card, package.card.input
    yield "Name", card.name
    yield "Title", card.title
    yield "Summary", summary_of(card)
    yield "Folder", str(package.path)
    yield "Network", f"{architecture_of(card)}, {spec.width}×{spec.height} px, {card.head}"
    yield from _encoder_lines(card)
    yield "Classes", ", ".join(card.classes)
    fields = ", ".join(f"{field:g}" for field in spec.fields_um)
    yield "Field of view", f"{fields} µm ({_FITS[spec.fit]})"
    yield (
        "Scale",
        f"up to {spec.um_per_px_high:g} µm/px, trained at {spec.um_per_px:g}",
    )
    if card.operating_point:
        point = card.operating_point
        yield "Threshold", f"{point.positive_class} from {point.threshold:.3f} ({point.rule})"
    split = f"split by {card.training.split}" + (" (LEAKY)" if card.training.leaky else "")
    learnt = trained_on(card) if card.origin else f"{card.training.dataset}, {split}"
    yield "Trained on", learnt
    if card.evaluation:
        result = card.evaluation
        yield "Judged by", result.protocol + (" (LEAKY)" if result.leaky else "")
        yield "Judged on", f"{result.images:,} images of {result.patients} patients"
        yield (
            result.titled("auroc"),
            marked(
                _figure(result.auroc, result.auroc_interval, result.colour_auroc), result.patients
            ),
        )
        yield (
            result.titled("balanced_accuracy"),
            marked(
                _figure(
                    result.balanced_accuracy,
                    result.balanced_accuracy_interval,
                    result.colour_balanced_accuracy,
                ),
                result.patients,
            ),
        )
        yield from _of_patients(result)
        yield "Beats colour", "yes" if result.beats_colour else "NO"
        for shift in result.stain_shift:
            name = f"AUROC, stain shifted by {shift.strength:g}"
            yield name, _figure(shift.auroc, None, shift.colour_auroc)
        for of_class in result.by_class:
            yield of_class.name, of_class.withheld or _of_class(of_class)
        for at in result.by_magnification:
            yield f"At {at.name}", at.withheld or _at_magnification(at)
        for other in result.tried:
            shifted = "" if other.shifted_auroc is None else f", shifted {other.shifted_auroc:.3f}"
            yield (
                f"Tried: {other.what}",
                f"AUROC {_between(other.auroc, other.auroc_interval)}" + shifted,
            )
        for note in result.notes:
            yield "Note", note
    else:
        yield "Judged by", "not judged yet: no evaluation on the card"
    if sentence := explained(card):
        yield "Explanations", sentence
    if sentence := located(card):
        yield "Where", sentence
    yield "Good for", "; ".join(card.good_for)
    yield "Not for", "; ".join(card.not_for)
    yield "Data licence", card.licence
    yield "Network file", package.model_sha256


def _encoder_lines(card: "Card") -> Iterator[tuple[str, str]]:
    if card.encoder:
        used = card.encoder
        yield "Encoder", f"{used.title} (sha256 {used.sha256[:12]}), {used.licence}, {used.source}"


def _of_patients(result: "CardEvaluation") -> Iterator[tuple[str, str]]:
    """How far patients differ, and whether they are few."""
    from core.registry.card_words import next_patient

    value, interval = result.auroc_within_patients, result.auroc_within_patients_interval
    if value is not None:
        yield f"AUROC, {ESTIMANDS['patients']}", marked(_between(value, interval), result.patients)
    if result.few:
        yield "Few patients", warning(result.patients)
    for sentence in next_patient(result):
        yield "Next patient", sentence.removeprefix("Next patient, ")


def _of_class(of_class: "ClassResult") -> str:
    people = f"{of_class.images:,} images of {of_class.patients} patients"
    if of_class.auroc is None or of_class.sensitivity is None:
        return people
    colour = "" if of_class.colour_auroc is None else f", colour alone {of_class.colour_auroc:.3f}"
    auroc = marked(_between(of_class.auroc, of_class.auroc_interval), of_class.patients)
    return f"{people}: AUROC {auroc}{colour}; sensitivity {of_class.sensitivity:.3f}"


def _at_magnification(at: "MagnificationResult") -> str:
    people = f"{at.images:,} images of {at.patients} patients"
    if at.auroc is None or at.balanced_accuracy is None:
        return people
    colour = "" if at.colour_auroc is None else f", colour alone {at.colour_auroc:.3f}"
    auroc = marked(_between(at.auroc, at.auroc_interval), at.patients)
    return f"{people}: AUROC {auroc}{colour}; balanced accuracy {at.balanced_accuracy:.3f}"


def _figure(value: float, interval: tuple[float, float] | None, colour: float) -> str:
    return f"{_between(value, interval)}, colour alone {colour:.3f}"


def _between(value: float, interval: tuple[float, float] | None) -> str:
    between = f" ({interval[0]:.3f}–{interval[1]:.3f}, 95 % by patient)" if interval else ""
    return f"{value:.3f}{between}"
