"""Lobule: page set-up, navigation and warm-up; `streamlit run app.py` starts it."""

import streamlit as st

from pages.parts.look import LOGO, RESEARCH_USE, style
from pages.parts.warm_up import warm_up

st.set_page_config(page_title="Lobule", page_icon="🔬", layout="wide")
st.logo(LOGO, size="large")
page = st.navigation(
    [st.Page("pages/diagnose.py", title="Diagnose", icon=":material/biotech:", default=True)],
    position="top",
)
style()
page.run()
st.caption(RESEARCH_USE)
warm_up()
