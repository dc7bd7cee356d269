"""Diagnose: images in; class, probability and heatmap out."""

import streamlit as st

from core.registry.package import Package
from pages.parts.answers import Question, ask, summary
from pages.parts.case_save import offer_to_save
from pages.parts.entrance import enter_through_app
from pages.parts.image_list import choose_image
from pages.parts.model_choice import choose_model
from pages.parts.plain import as_html
from pages.parts.scale import ask_for_scale
from pages.parts.uploads import PHANTOM_IS, ask_for_images, phantom_button
from pages.parts.views import show_image


def invite(package: Package) -> None:
    """Say what to do and what the model is for; shown while there is no image."""
    st.title("Drop images, get answers", anchor=False)
    good = "".join(f"<li>{as_html(text)}</li>" for text in package.card.good_for)
    bad = "".join(f"<li>{as_html(text)}</li>" for text in package.card.not_for)
    st.html(
        '<ol class="lobule-list lobule-steps"><li>Add one or several images on the left.</li>'
        "<li>State the scale, if the file does not.</li>"
        "<li>Read the answer beside the map of what drove it.</li></ol>"
    )
    phantom_button("try_phantom", primary=True)
    st.caption(PHANTOM_IS)
    st.html(
        f'<div class="lobule-text"><h3>The model: {as_html(package.card.title)}</h3>'
        f"<p>{as_html(package.card.summary)}</p></div>"
        f'<div class="lobule-two"><div><h3>Good for</h3><ul class="lobule-list">{good}</ul></div>'
        f'<div><h3>Not for</h3><ul class="lobule-list">{bad}</ul></div></div>'
    )


def answer_the_rest(questions: list[Question]) -> None:
    """Answer the images that are not on show, for the list."""
    open_questions = [question for question in questions if summary(question) is None]
    if not open_questions:
        return
    bar = st.progress(0.0)
    for done, question in enumerate(open_questions):
        bar.progress(
            done / len(open_questions),
            text=f"Answering the other images: {done + 1} of {len(open_questions)}",
        )
        ask(question)
    st.rerun()


enter_through_app(__file__)
with st.sidebar:
    uploads = ask_for_images()
    phantom_button("phantom")
    listing = st.container()
    package = choose_model()
    um_per_px = ask_for_scale()

# An empty place at once, so that the invitation is gone while the first answer is awaited.
invitation = st.empty()
if package is None:
    st.title("No model to answer with", anchor=False)
elif not uploads:
    with invitation.container():
        invite(package)
else:
    questions = [Question(upload, package, um_per_px or upload.um_per_px) for upload in uploads]
    with listing:
        chosen = choose_image(questions)
    show_image(chosen)
    answer_the_rest(questions)
    offer_to_save(questions, listing)
