"""The packages at hand: those that ship with Lobule, then those trained here."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from core.atomic import write_whole
from core.encoders.shelf import encoder_of
from core.errors import PackageError
from core.registry.ensemble import find_members
from core.registry.package import Package, load_package
from core.registry.shipped import MANIFEST, check_vouched, package_folders
from core.registry.used_encoder import without_encoder
from core.rights import Deed, require
from core.settings import Settings, get_settings

DEFAULT_MODEL = "idc"
# Goes before the name of an own package that is called like a shipped one or `AUTOMATIC`; no
# package's name can hold a colon, so neither can pose as the other.
OWN = "own:"
AUTOMATIC = "auto"
"""Asks for whichever model knows an image best; a package of this name is `own:auto`."""

_STRICT = ("allowed", "unknown", "not allowed")
Signature = tuple[tuple[str, int, int, int], ...]
# Hashing a package takes tens of milliseconds and pages ask for the shelf at every rerun.
_checked: dict[Path, tuple[Signature, Package | str]] = {}


@dataclass(frozen=True)
class ShelfEntry:
    """One folder of the shelf: a sound package, or the reason why it is refused."""

    name: str
    package: Package | None
    error: str | None
    shipped: bool


def shelf(settings: Settings | None = None) -> list[ShelfEntry]:
    """List every package, shipped ones first, each group by name; broken ones carry their error."""
    settings = settings or get_settings()
    entries = [_entry(path, shipped=True) for path in package_folders(settings.shipped_models)]
    shipped = {AUTOMATIC, *(entry.name for entry in entries)}
    for path in package_folders(settings.own_models):
        entry = _entry(path, shipped=False)
        entries.append(replace(entry, name=OWN + path.name) if path.name in shipped else entry)
    entries = [_with_encoder(entry) for entry in entries]
    at_hand = [entry.package for entry in entries if entry.package]
    return [_with_members(entry, at_hand) for entry in entries]


def find(name: str | None = None) -> Package:
    """Return a sound package by name; None means the active one.

    Raises
    ------
    PackageError
        If there is none of that name, or it is refused.
    """
    entries = shelf()
    if name is None:
        name = _active(entries)
    matching = [entry for entry in entries if entry.name == name]
    for entry in matching:
        if entry.package:
            return entry.package
    if matching:
        raise PackageError(str(matching[0].error))
    known = ", ".join(entry.name for entry in entries if entry.package) or "none"
    raise PackageError(f"There is no model called {name!r}. Available models: {known}.")


def best_first() -> list[ShelfEntry]:
    """List the sound packages, the best first.

    That is the activated one, then those that answer by themselves, by their AUROC on held-out
    patients; last, those never judged, judged on a leaky split, and for demonstration.
    """
    sound = [entry for entry in shelf() if entry.package]
    chosen = _chosen()
    return sorted(sound, key=lambda entry: (entry.name != chosen, *_rank(entry)))


def answers_by_itself(entry: ShelfEntry) -> bool:
    """Whether a package may answer where nobody asks for it by name.

    One for demonstration does only if it was activated; one made elsewhere that nobody judged never
    does: it has neither figures nor a scope test that speak for it.
    """
    package = entry.package
    if package is None or package.untested:
        return False
    return entry.name == _chosen() or not _only_shows(package)


def _rank(entry: ShelfEntry) -> tuple[bool, bool, bool, float]:
    assert entry.package  # noqa: S101 - only sound ones are ranked
    result = entry.package.card.evaluation
    if result is None:
        return False, True, False, 0.0
    return result.demonstration, False, result.leaky, -result.auroc


def active_name() -> str:
    """Return the name of the model that answers unless another is asked for.

    That is the activated one while it is sound, else the shipped `idc`, else the first sound one
    that is not for demonstration and, if it was made elsewhere, was judged.

    Raises
    ------
    PackageError
        If there is none.
    """
    return _active(shelf())


def is_active(name: str) -> bool:
    """Whether a model answers unless another is asked for."""
    try:
        return active_name() == name
    except PackageError:
        return False


def activate(name: str) -> None:
    """Make a model the one that answers unless another is asked for.

    Raises
    ------
    PackageError
        If there is none of that name, it is refused, or the choice cannot be written.
    """
    require(Deed.CHANGE_MODELS)
    find(name)
    try:
        write_whole(_active_file(), json.dumps({"name": name}))
    except OSError as error:
        raise PackageError(
            f"The choice of {name} cannot be kept ({error.strerror}). Make room in "
            f"{get_settings().home}, or allow writing there. The model chosen before still answers."
        ) from error


def forget_activation(name: str) -> None:
    """Forget that a model was activated, if it was this one: one that is to be called so is not."""
    if _chosen() == name:
        _active_file().unlink(missing_ok=True)


def _active(entries: list[ShelfEntry]) -> str:
    sound = [entry.name for entry in entries if entry.package]
    if not sound:
        broken = " ".join(str(entry.error) for entry in entries)
        settings = get_settings()
        raise PackageError(
            f"No usable model in {settings.shipped_models} or {settings.own_models}. {broken} "
            "Run `make models`, or train one."
        )
    for name in (_chosen(), DEFAULT_MODEL):
        if name in sound:
            return name
    # One for demonstration answers only where somebody asks for it.
    for entry in entries:
        if entry.package and not entry.package.untested and not _only_shows(entry.package):
            return entry.name
    untested = any(entry.package and entry.package.untested for entry in entries)
    raise PackageError(
        f"The available models are for demonstration{' or not judged' if untested else ''}: "
        f"{', '.join(sound)}. Choose one of them, or another."
    )


def _only_shows(package: Package) -> bool:
    evaluation = package.card.evaluation
    return evaluation is not None and evaluation.demonstration


def _chosen() -> str | None:
    """Return what was activated; None where nothing was, or the note is damaged."""
    try:
        content = json.loads(_active_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    name = content.get("name") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None


def _active_file() -> Path:
    return get_settings().home / "active.json"


def _entry(path: Path, *, shipped: bool) -> ShelfEntry:
    try:
        signature = _signature(path, shipped=shipped)
        known = _checked.get(path)
        if known is None or known[0] != signature:
            package = load_package(path)
            if shipped:
                check_vouched(path)
            known = (signature, package)
    except PackageError as error:
        known = (signature, str(error))
    except OSError as error:
        return ShelfEntry(path.name, None, f"{path} cannot be read ({error}).", shipped=shipped)
    _checked[path] = known
    if isinstance(known[1], Package):
        return ShelfEntry(path.name, known[1], None, shipped=shipped)
    return ShelfEntry(path.name, None, known[1], shipped=shipped)


def _with_encoder(entry: ShelfEntry) -> ShelfEntry:
    """Refuse a model whose encoder is not here."""
    package = entry.package
    if package is None or package.card.encoder is None:
        return entry
    encoder = encoder_of(package.card.encoder.sha256)
    if encoder:
        # What the encoder's own card forbids holds whatever the model's says.
        stricter = max(
            (package.card.encoder.commercial, encoder.card.commercial), key=_STRICT.index
        )
        used = package.card.encoder.model_copy(update={"commercial": stricter})
        card = package.card.model_copy(update={"encoder": used})
        return replace(entry, package=replace(package, card=card, encoder=encoder))
    return replace(entry, package=None, error=without_encoder(package.card))


def _with_members(entry: ShelfEntry, at_hand: list[Package]) -> ShelfEntry:
    """Give an ensemble its members; without all of them it is refused."""
    package = entry.package
    if package is None or not package.card.members:
        return entry
    try:
        members = find_members(package.card, at_hand)
    except PackageError as error:
        return replace(entry, package=None, error=str(error))
    return replace(entry, package=replace(package, members=members))


def _signature(folder: Path, *, shipped: bool) -> Signature:
    """Return what changes whenever a file changes.

    The time of the inode's change cannot be set back by a program as that of the content can.
    """
    stats = []
    manifest = folder.parent / MANIFEST
    beside = [manifest] if shipped and manifest.exists() else []
    for path in [*sorted(folder.iterdir()), *beside]:
        status = path.lstat()
        stats.append((path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(stats)
