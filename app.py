"""Lobule: `streamlit run app.py` starts it; page set-up, navigation and warm-up in each run."""

import streamlit as st

from core.errors import LobuleError
from core.extras import check_backend
from core.hosts import KnownHosts
from core.serving import SecurityHeaders, begin_serving
from core.slides.serving import routes
from pages.frame.keras_state import keep_keras_state
from pages.frame.page_style import RESEARCH_USE, PageStyle, hold_sidebar, show_page
from pages.frame.sign_in import names_of_server, sign_in_is_configured, signed_in
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
        page.run()
    st.caption(RESEARCH_USE)
    st.set_page_config(page_icon="🔬")  # last: it loads the list of all emojis
    if page in (diagnose, slides):  # those that ask a model
        warm_up()


keep_keras_state()
keep_runs_whole()
if __name__ == "__main__":  # a run of a browser's session
    draw()
else:  # the server imports what it serves
    from starlette.middleware import Middleware
    from streamlit.starlette import App

    try:
        check_backend()
        begin_serving(st.get_option("server.address"), sign_in=sign_in_is_configured())
    except LobuleError as error:
        raise SystemExit(str(error)) from None
    known = Middleware(KnownHosts, names=names_of_server())
    layers = [Middleware(SecurityHeaders), known, Middleware(PageStyle)]
    app = App(__file__, routes=routes(st.get_option("server.baseUrlPath")), middleware=layers)
