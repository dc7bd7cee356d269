"""Lobule: page set-up, navigation and warm-up; `streamlit run app.py` starts it."""

import streamlit as st

from pages.parts.desk import keep_in_address
from pages.parts.entrance import entered
from pages.parts.look import RESEARCH_USE, style
from pages.parts.warm_up import warm_up

st.set_page_config(page_title="Lobule", layout="wide")
entered()
diagnose = st.Page("pages/diagnose.py", title="Diagnose", default=True)
worklist = st.Page("pages/worklist.py", title="Worklist")
datasets = st.Page("pages/datasets.py", title="Datasets")
training = st.Page("pages/training.py", title="Training")
performance = st.Page("pages/performance.py", title="Performance")
models = st.Page("pages/models.py", title="Models")
pages = [diagnose, worklist, datasets, training, performance, models]
page = st.navigation(pages, position="top")
style()
keep_in_address()
page.run()
st.caption(RESEARCH_USE)
st.set_page_config(page_icon="🔬")  # last: it loads the list of all emojis
if page == diagnose:  # the only page so far that asks a model
    warm_up()
