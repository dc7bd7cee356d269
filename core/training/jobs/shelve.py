"""Put a run's model on the shelf."""

import shutil
from pathlib import Path

from core.errors import PackageError, TrainingError
from core.registry.atomic import flush, hidden_folder, put_in_place
from core.registry.package import load_package
from core.settings import get_settings
from core.training.jobs.folder import find_folder
from core.training.jobs.state import state_of


def shelve(run: str, *, replace: bool = False) -> Path:
    """Copy a run's model package to where the run was asked to put it; returns its folder.

    The run keeps its own. The copy appears whole or not at all.

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
    state = state_of(find_folder(run))
    if state.package is None:
        raise TrainingError(f"The run {run} has no model: it is {state.state}.")
    package = load_package(state.package)
    parent = state.request.folder or get_settings().own_models
    target = parent / package.path.name
    if target.exists() and not replace:
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
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(
            f"The model cannot be put into {parent}: {reason}. Make room or allow writing there; "
            f"the run's own stays in {package.path}."
        ) from error
    load_package(target)
    return target
