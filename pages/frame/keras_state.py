"""Keeps Streamlit from clearing the state of Keras."""

from streamlit.runtime.scriptrunner import script_runner

_CLEARS = "_clean_problem_modules"


def keep_keras_state() -> None:
    """Let a run of a page leave Keras alone; to be called before any page runs.

    Streamlit ends each run, also each tick of a timer, with `keras.backend.clear_session`, meant
    for scripts that build a model in every run. Here it takes Keras's state away from threads that
    load and ask models, and collects garbage for half a second in which none of them runs: with
    three pages open, the first model took minutes to load. Streamlit has no setting for it.
    """
    if hasattr(script_runner, _CLEARS):
        setattr(script_runner, _CLEARS, _leave_alone)


def _leave_alone() -> None:
    pass
