"""Ensembles: several models of one task and scale that answer together.

An ensemble is a package without a network: its card names the members by hash, and its answer is
the mean of their calibrated probabilities (Lakshminarayanan et al. 2017, "Simple and scalable
predictive uncertainty estimation using deep ensembles").
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from core.errors import PackageError
from core.registry.card import Card, InputSpec, Training
from core.registry.card_parts import Member
from core.registry.package import Package

EACH_OWN = "each member's own"
"""What an ensemble's card says of the heatmap layer."""
_FEWEST, _MOST = 2, 16


def ensemble_card(name: str, members: Sequence[Package], command: str) -> Card:
    """Put together the card of an ensemble that was not judged yet.

    Parameters
    ----------
    name
        Of the ensemble.
    members
        Its models.
    command
        What makes the same ensemble again.

    Raises
    ------
    PackageError
        If the models do not answer one question at one scale, are fewer than two or more than 16,
        or one of them is given twice or is an ensemble itself.
    """
    _refuse_number(members)
    refuse_unlike(members)
    cards = [member.card for member in members]
    first = cards[0]
    names = [card.name for card in cards]
    # A patient whom one member learnt from is no stranger to the ensemble.
    learnt, chosen = (
        {person for card in cards for person in card.training.patients.get(part, [])}
        for part in ("train", "validation")
    )
    chosen -= learnt
    tested = set.intersection(*(set(card.training.patients.get("test", [])) for card in cards))
    leaky = any(card.training.leaky for card in cards)
    return Card(
        schema_version=1,
        name=name,
        title=f"Ensemble of {', '.join(names)}",
        summary=f"The mean of the calibrated probabilities of {len(cards)} models: "
        + " ".join(f"{card.name}: {card.summary}" for card in cards),
        created=datetime.now(UTC).replace(microsecond=0),
        architecture="ensemble of " + ", ".join(dict.fromkeys(card.architecture for card in cards)),
        task=first.task,
        classes=first.classes,
        head="softmax",
        input=_shared_input([card.input for card in cards]),
        heatmap_layer=EACH_OWN,
        temperature=1.0,
        operating_point=None,
        members=tuple(
            Member(
                name=member.card.name,
                model_sha256=member.model_sha256,
                temperature=member.card.temperature,
                encoder=member.card.encoder,
            )
            for member in members
        ),
        training=Training(
            recipe={},
            dataset=", ".join(dict.fromkeys(card.training.dataset for card in cards)),
            dataset_fingerprint=_only([card.training.dataset_fingerprint for card in cards]),
            split="image" if leaky else "patient",
            leaky=leaky,
            patients={
                "train": sorted(learnt),
                "validation": sorted(chosen),
                "test": sorted(tested - learnt - chosen),
            },
            images={},
            seed=0,
            seconds=0.0,
            command=command,
        ),
        evaluation=None,
        scope=None,
        good_for=_joint([card.good_for for card in cards]),
        not_for=_joint([card.not_for for card in cards]),
        licence="; ".join(dict.fromkeys(card.licence for card in cards)),
        citations=_joint([card.citations for card in cards]),
        versions=first.versions,
    )


def find_members(card: Card, at_hand: Sequence[Package]) -> tuple[Package, ...]:
    """Find an ensemble's members among the packages at hand, whatever they are called now.

    Raises
    ------
    PackageError
        Says which member is missing or was changed, or what they no longer have in common.
    """
    members = tuple(_find(part, card.name, at_hand) for part in card.members)
    refuse_unlike(members)
    ours, theirs = card.input, _shared_input([member.card.input for member in members])
    if ours != theirs or card.classes != members[0].card.classes:
        raise PackageError(
            f"The card of the ensemble {card.name!r} states other classes or another scale "
            "than its members have. Make the ensemble again."
        )
    return members


def refuse_unlike(members: Sequence[Package]) -> None:
    """Refuse models that do not answer one question at one scale.

    Raises
    ------
    PackageError
        Says how two of them differ.
    """
    first = members[0].card
    for other in (member.card for member in members[1:]):
        for quality, ours, theirs in (
            ("the task", first.task, other.task),
            ("the classes", ", ".join(first.classes), ", ".join(other.classes)),
            ("what is positive", first.positive_index, other.positive_index),
            ("the scale", f"{first.input.um_per_px:g} µm/px", f"{other.input.um_per_px:g} µm/px"),
            ("the field of view", _fields(first.input), _fields(other.input)),
            ("the framing", first.input.fit, other.input.fit),
        ):
            if ours != theirs:
                raise PackageError(
                    f"{first.name!r} and {other.name!r} cannot answer together: {quality} of the "
                    f"one is {ours}, of the other {theirs}. Choose models of one task and scale."
                )


def _find(part: Member, ensemble: str, at_hand: Sequence[Package]) -> Package:
    single = [package for package in at_hand if not package.card.members]
    same = [package for package in single if package.model_sha256 == part.model_sha256]
    calibrated = [package for package in same if package.card.temperature == part.temperature]
    for package in sorted(calibrated, key=lambda package: package.card.name != part.name):
        return package
    if same:
        reason = "was recalibrated since"
    elif any(package.card.name == part.name for package in single):
        reason = "is not the network the ensemble was made with"
    else:
        reason = "is missing, or is refused itself"
    raise PackageError(
        f"The ensemble {ensemble!r} cannot answer: its member {part.name!r} (network "
        f"{part.model_sha256[:12]}) {reason}. Restore that model, or make the ensemble again."
    )


def _refuse_number(members: Sequence[Package]) -> None:
    if not _FEWEST <= len(members) <= _MOST:
        raise PackageError(
            f"An ensemble has {_FEWEST} to {_MOST} members; {len(members)} were named."
        )
    for package in members:
        if package.card.members:
            raise PackageError(
                f"{package.card.name!r} is an ensemble itself. Name its members instead: "
                f"{', '.join(part.name for part in package.card.members)}."
            )
    hashes = [package.model_sha256 for package in members]
    if len(set(hashes)) < len(hashes):
        twice = next(p.card.name for p in members if hashes.count(p.model_sha256) > 1)
        raise PackageError(f"{twice!r} is named twice, or under two names. Name each model once.")


def _shared_input(specs: Sequence[InputSpec]) -> InputSpec:
    """The largest input, at the scales that every member takes."""
    largest = max(specs, key=lambda spec: spec.height * spec.width)
    low = max(spec.um_per_px_low for spec in specs)
    high = min(spec.um_per_px_high for spec in specs)
    return largest.model_copy(update={"um_per_px_low": low, "um_per_px_high": high})


def _fields(spec: InputSpec) -> str:
    return ", ".join(f"{field:g}" for field in spec.fields_um) + " µm"


def _only(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


def _joint(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for texts in lists for text in texts))
