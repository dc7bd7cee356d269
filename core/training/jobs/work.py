"""Do a run: wait for the device, train, and write down how it ends."""

import shutil

from core.atomic import is_full
from core.errors import TrainingError
from core.jobs.control import written_end
from core.jobs.folder import write_log
from core.jobs.lock import let_go
from core.registry.package import Package
from core.settings import get_settings
from core.training.jobs.events import Events
from core.training.jobs.folder import RunFolder
from core.training.jobs.line import wait_for_device
from core.training.jobs.listen import Listener
from core.training.jobs.state import RunState, read_story, state_of
from core.training.watch import Watch


def work(run: RunFolder, shown: Watch) -> RunState:
    """Do a run whose lock this process holds.

    Parameters
    ----------
    run : RunFolder
    shown : Watch
        Is told whatever is written down, and may cancel.

    Returns
    -------
    RunState
        Finished; or cancelled, with the best so far as its package.

    Raises
    ------
    Stopped
        If it was cancelled before anything was learnt, or when its model was to be judged.
    LobuleError
        If it failed. What went wrong is written down either way.
    """
    events = Events(run.events)
    listener = Listener(run, events, shown)
    with written_end(run, events, lambda error: _in_words(error, run), TrainingError):
        device = wait_for_device(run, listener)
        try:
            package = _train(run, events, listener)
        finally:
            let_go(device)
    write_log(run, "Cancelled; the best so far is kept" if listener.cut_short else "Finished")
    if listener.cut_short:
        events.write_end("cancelled", package=package.path.name)
    else:
        events.write_end("finished", package=package.path.name)
        shutil.rmtree(run.checkpoints, ignore_errors=True)  # nothing to go on from
    return state_of(run)


def _train(run: RunFolder, events: Events, listener: Listener) -> Package:
    events.reserve()
    # What is hidden there was being written when a process was killed.
    for left in run.packages.glob(".*"):
        shutil.rmtree(left, ignore_errors=True)
    from core.training.fitting.device import describe_device  # noqa: PLC0415 - loads TensorFlow
    from core.training.run import train  # noqa: PLC0415

    device = str(describe_device())
    events.write("started", device=device)
    write_log(run, f"Started on {device}")
    request = run.read_request()
    return train(request.model_copy(update={"folder": run.packages, "replace": True}), listener)


def _in_words(error: Exception, run: RunFolder) -> str:
    from core.training.fitting.device import is_out_of_memory  # noqa: PLC0415 - loads TensorFlow

    history = read_story(run).history
    kept_work = (
        f"Epochs up to {history[-1]['epoch']} are kept"
        if history
        else "Images already read are kept"
    )
    if is_out_of_memory(error):
        return (
            "There is not enough memory. Choose a smaller train.batch_size or input_size, or end "
            f"other programs. {kept_work}."
        )
    if is_full(error):
        home = get_settings().home
        return f"The disk of {home} is full. Free some space and resume. {kept_work}."
    return (
        f"Program error: {error!r}. The run's log has the details. {kept_work}: the run can be "
        "resumed."
    )
