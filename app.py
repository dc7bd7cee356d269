"""Lobule: `streamlit run app.py` starts it; page set-up, navigation and warm-up in each run."""

import streamlit as st

from pages.frame.keras_state import keep_keras_state
from pages.frame.page_style import RESEARCH_USE, hold_sidebar, show_page
from pages.frame.room import say_if_uploads_wait, served
from pages.frame.sign_in import may_see, signed_in
from pages.frame.whole_runs import keep_runs_whole
from pages.shared.address import keep_in_address
from pages.shared.entrance import entered
from pages.shared.warm_up import warm_up


def draw() -> None:
    """Draw the frame and the page that the address names."""
    st.set_page_config(page_title="Lobule", layout="wide")
    entered()
    diagnose = st.Page("pages/diagnose.py", title="Diagnose", default=True)
    worklist = st.Page("pages/worklist.py", title="Worklist")
    slides = st.Page("pages/slides.py", title="Slides")
    datasets = st.Page("pages/datasets.py", title="Datasets")
    training = st.Page("pages/training.py", title="Training")
    performance = st.Page("pages/performance.py", title="Performance")
    models = st.Page("pages/models.py", title="Models")
    about = st.Page("pages/about.py", title="About")
    pages = [diagnose, worklist, slides, datasets, training, performance, models, about]
    page = st.navigation(pages, position="top")
    show_page()
    if signed_in():
        if page != about:  # all others have something in it
            hold_sidebar()
        keep_in_address()
        if served() and may_see(page.title):
            page.run()
            say_if_uploads_wait()
    st.caption(RESEARCH_USE)
    st.set_page_config(page_icon="🔬")  # last: it loads the list of all emojis
    if page in (diagnose, slides):  # those that ask a model
        warm_up()


keep_keras_state()
keep_runs_whole()
if __name__ == "__main__":  # a run of a browser's session
    draw()
else:  # the server imports what it serves
    from streamlit.starlette import App

    from pages.frame.guards import guarded

    # `streamlit run` reads this file to find out whether it makes an App.
    app = App(__file__, **guarded())
