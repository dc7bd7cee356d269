"""Diagnose: images in; class, probability and heatmap out."""

import streamlit as st

from pages.desk.answers import Query, summary
from pages.desk.case import show_case
from pages.desk.image import show_image, show_tools
from pages.desk.invitation import invite
from pages.desk.model import choose_model
from pages.desk.save import hold_room, offer_to_save
from pages.desk.state import keep_in_address, open_desk
from pages.desk.stated_scale import ask_for_scale
from pages.desk.table import in_order
from pages.desk.uploads import ask_for_images, offer_to_clear, receive
from pages.desk.work import want
from pages.shared.entrance import enter_through_app

enter_through_app(__file__)
receive()
with st.sidebar:
    desk = open_desk()
    keep_in_address(desk)
    ask_for_images()
    if desk.images:
        offer_to_clear(desk)
    saving = st.empty()
    choice = choose_model()
    ask_for_scale(desk)

# An empty place at once, so that the invitation is gone while the first answer is awaited.
invitation = st.empty()
if choice is None:
    st.title("No model to answer with", anchor=False)
elif not desk.images:
    with invitation.container():
        invite(choice.package, choice.shelf)
else:
    uploads = list(desk.images.values())
    queries = [
        Query(upload, choice.package, desk.um_per_px_of(upload), shelf=choice.shelf)
        for upload in uploads
    ]
    picked = st.session_state.pop("desk_picked", desk.chosen)
    chosen = next((query for query in queries if query.upload.id == picked), queries[0])
    desk.chosen = chosen.upload.id
    work = want(desk, queries, chosen)
    waits = summary(chosen, desk) is None
    if waits:
        hold_room(saving)
    else:  # before what takes long: until it is drawn again, all under it would move up
        offer_to_save(queries, saving)
    with st.container(key="desk"):
        if len(queries) > 1:
            with st.container(key="desk_case_and_images"):
                show_case(desk, work, queries)
        with st.container(key="desk_image"):
            show_tools(desk, in_order(desk, queries), chosen)
            show_image(chosen, work)
    if waits and summary(chosen, desk) is not None:
        st.rerun()  # what can be said of an answer was drawn while there was none
