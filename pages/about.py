"""About: what Lobule is and is not, versions, licences, and whom to cite."""

import platform

import streamlit as st

from core.errors import LobuleError
from core.registry.shelf import shelf
from pages.credits.papers import PAPERS
from pages.credits.versions import libraries, lobule_version
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice, table

RESEARCH = (
    "Lobule is not a medical device; its answers are no diagnosis. Models learnt from few "
    "patients: each card says how many."
)
PRIVACY = (
    "They stay in this computer's memory unless you save a case. Nothing is sent anywhere or "
    "downloaded unasked."
)
KEYS = (
    ("J and K", "next and previous image or case"),
    ("a class's letter", "your verdict, such as B for benign; then the next image"),
    ("U", "your verdict: cannot tell; then the next image"),
    ("O and Esc", "open the marked case, and back to the list"),
)

enter_through_app(__file__)
st.title("About Lobule", anchor=False)
st.html(
    f'<div class="lobule-text"><h3>For research only</h3><p>{as_html(RESEARCH)}</p>'
    f"<h3>Your images</h3><p>{as_html(PRIVACY)}</p></div>"
)
st.html("<h3>Keys</h3>")
table(("Key", "What it does"), KEYS, caption="Keys")
st.html("<h3>Models</h3>")
try:
    packages = {entry.name: entry.package for entry in shelf() if entry.package}
    hashes = [(name, p.card.title, p.model_sha256[:16]) for name, p in packages.items()]
    table(("Model", "Title", "SHA-256 begins"), hashes, caption="Models")
except LobuleError as error:
    notice(str(error), "error")
with st.expander("Whom to cite"):
    table(("For", "Paper"), PAPERS, caption="Papers")
with st.expander("Versions and licences"):
    table(
        ("Library", "Version", "Licence"),
        [
            ("Lobule", lobule_version(), "Apache-2.0; models and data: see NOTICE"),
            ("Python", platform.python_version(), "PSF-2.0"),
            *libraries(),
        ],
        caption="Versions and licences",
    )
