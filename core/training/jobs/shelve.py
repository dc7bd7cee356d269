"""Put a run's model on the shelf."""

import shutil
from contextlib import suppress
from pathlib import Path

from core.atomic import flush, hidden_folder, put_in_place
from core.errors import PackageError, TrainingError
from core.registry.package import Package, load_package
from core.rights import Deed, require
from core.settings import get_settings
from core.training.jobs.folder import RunFolder, find_folder
from core.training.jobs.state import state_of


def shelve(run: str, *, replace: bool = False) -> Path:
    """Copy a run's model package to where the run was asked to put it; returns its folder.

    The run keeps its own. The copy appears whole or not at all. A copy that this run put there
    before may always be replaced, as after it was cancelled and resumed.

    Parameters
    ----------
    run : str
        The run's id.
    replace : bool
        Put it in the place of a model of this name.

    Raises
    ------
    TrainingError
        If there is no such run or it has no model, or the model cannot be written.
    PackageError
        If the package is damaged, or the name is taken.
    """
    require(Deed.CHANGE_MODELS)
    folder = find_folder(run)
    state = state_of(folder)
    if state.package is None:
        raise TrainingError(f"The run {run} has no model: it is {state.state}.")
    package = load_package(state.package)
    parent = state.request.folder or get_settings().own_models
    target = parent / package.path.name
    if target.exists() and not replace and not _is_own(target, folder, package):
        raise PackageError(
            f"There is already a model named {target.name!r} in {parent}. Ask to replace it; the "
            f"run's own stays in {package.path}."
        )
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with hidden_folder(target, "saving") as temporary:
            shutil.copytree(package.path, temporary, dirs_exist_ok=True)
            for path in (*temporary.iterdir(), temporary):
                flush(path)
            temporary.chmod(0o755)
            put_in_place(temporary, target)
        with suppress(OSError):  # the model is there; only replacing it will have to be asked for
            folder.shelved.write_text(package.model_sha256, encoding="utf-8")
    except OSError as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(
            f"The model cannot be written to {parent}: {reason}. Free some space or allow "
            f"writing there; the run's own stays in {package.path}."
        ) from error
    load_package(target)
    return target


def _is_own(target: Path, run: RunFolder, package: Package) -> bool:
    """Tell whether what is on the shelf is a copy of this run's model, of now or of before."""
    try:
        hashes = {package.model_sha256, run.shelved.read_text(encoding="utf-8")}
    except (OSError, UnicodeDecodeError):
        hashes = {package.model_sha256}
    try:
        return load_package(target).model_sha256 in hashes
    except PackageError:  # whatever it is, it is not what the run put there
        return False
