"""Fetch a known encoder from the hub it was published on, and add it."""

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout
from pydantic import ValidationError

from core import limited
from core.encoders.add import About, add_encoder, check_free
from core.encoders.card import Conversion
from core.encoders.catalogue import KnownEncoder, known_encoder
from core.encoders.fetch import Told, fetch, in_words
from core.encoders.given import link, made_from
from core.encoders.read import GIVEN
from core.encoders.shelf import Encoder
from core.errors import EncoderError
from core.extras import how_to_install, is_installed
from core.rights import Deed, require
from core.settings import get_settings

_MOST_SECONDS = 3600.0
# The weights, PyTorch's network, the graph, and what compiling it takes.
_TIMES = 6
# It may take an hour: who reads a network meanwhile need not wait for it.
_turn = threading.Lock()


def add_known(
    name: str,
    *,
    agreed: bool,
    token: str | None = None,
    called: str | None = None,
    replace: bool = False,
    on_stage: Told = lambda _stage, _done: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Encoder:
    """Add an encoder of the catalogue: fetched, converted once, tried, put in its place.

    What was fetched is kept until it is added, so that a download that broke goes on.

    Parameters
    ----------
    name : str
        In the catalogue.
    agreed : bool
        Whether the user has agreed to its licence.
    token : str, optional
        The user's at the hub, for encoders whose authors want to be asked. No other is used, even
        where one is kept on this computer.
    called : str, optional
        What to call it here.
    replace : bool
        Whether an encoder of this name makes room.
    on_stage : callable
    stopped : callable
        Looked at while it is converted and tried, when nothing is told.

    Raises
    ------
    EncoderError
        If it is not known, not agreed to, cannot be fetched or converted, or the name is taken.
    PackageError
        If converting it took more memory or time than it may.
    Stopped
        If `stopped` says so.
    """
    require(Deed.CHANGE_MODELS)
    known = known_encoder(name)
    if not agreed:
        raise EncoderError(
            f"{known.title} is published under: {known.licence}. Read it on {known.page}, and "
            "agree to it to add it (on the command line by --agree)."
        )
    if not is_installed("encoders"):
        raise EncoderError(
            f"Published encoders need PyTorch once, to be converted. {how_to_install('encoders')}"
        )
    token = token.strip() or None if token else None
    if token is not None and not (token.isascii() and token.isprintable()):
        raise EncoderError("The token holds letters that no token has. Copy it again.")
    check_free(called or name, replace=replace)
    folder = get_settings().downloads / "encoders" / name
    with in_words(known):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / ".lock", timeout=0):
                encoder = _add(
                    known,
                    folder,
                    token,
                    called or name,
                    replace=replace,
                    on_stage=on_stage,
                    stopped=stopped,
                )
        except Timeout as error:
            raise EncoderError(
                f"{known.title} is being added already, from another window or command. Wait for "
                "it."
            ) from error
    shutil.rmtree(folder, ignore_errors=True)  # it lies in the encoder's own files now
    return encoder


def _add(
    known: KnownEncoder,
    folder: Path,
    token: str | None,
    called: str,
    *,
    replace: bool,
    on_stage: Told,
    stopped: Callable[[], bool],
) -> Encoder:
    files, source = fetch(known, folder, token, on_stage)
    with TemporaryDirectory(prefix=".converting-", dir=folder) as temporary:
        path, conversion = files[0], None
        if known.needs_conversion:
            on_stage("Converting", 0.0)
            path, conversion = _convert(known, files, Path(temporary), stopped)
        about = About(
            name=called,
            title=known.title,
            source=source,
            licence=known.licence,
            commercial=known.commercial,
            citation=known.citation,
            input=known.input,
            features=known.features,
            dimension=known.dimension,
            known=known.name,
            conversion=conversion,
        )
        return add_encoder(path, about, replace=replace, on_stage=on_stage, stopped=stopped)


def _convert(
    known: KnownEncoder, files: list[Path], work: Path, stopped: Callable[[], bool]
) -> tuple[Path, Conversion]:
    """Have the weights converted in a process of its own; returns the graph."""
    from core.encoders.convert import (  # noqa: PLC0415
        CONVERSION_FILE,
        CONVERTED_FILE,
        GRAPH,
        ConversionRequest,
        Converted,
    )

    (work / GIVEN).mkdir()
    for path in files:
        link(path, work / GIVEN / path.name)
    request = ConversionRequest(
        weights=files[0].name,
        loader=known.loader,
        architecture=known.architecture,
        arguments=known.arguments,
        height=known.input.height,
        width=known.input.width,
    )
    (work / CONVERSION_FILE).write_text(request.model_dump_json(), encoding="utf-8")
    size = sum(path.stat().st_size for path in files)
    limited.try_in_a_child(
        "core.encoders.convert:convert_given",
        work,
        most_bytes=limited.MOST_BYTES + _TIMES * size,
        most_written=limited.MOST_WRITTEN + 2 * size,
        most_seconds=_MOST_SECONDS,
        turn=_turn,
        stopped=stopped,
    )
    try:
        converted = Converted.model_validate_json((work / CONVERTED_FILE).read_bytes())
    except (ValidationError, OSError) as error:
        raise EncoderError(
            f"{known.title} was converted, but what came of it is damaged. Add it once more."
        ) from error
    put_together = [known.loader, str(known.architecture), repr(sorted(known.arguments.items()))]
    weights = hashlib.sha256("\n".join([made_from(files), *put_together]).encode()).hexdigest()
    return work / GRAPH, Conversion(
        weights=weights, by=converted.by, difference=converted.difference
    )
