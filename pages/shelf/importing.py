"""Take a model that another Lobule exported: asked for in the sidebar."""

import streamlit as st

from core.errors import LobuleError
from pages.shared.plain import notice

_HELP = (
    "A zip file from Export. It is refused if anything in it is unsafe, damaged or not what its "
    "card says, and never takes the place of a model that is there."
)


def ask_for_import() -> None:
    """Draw the uploader; a model that is sound goes onto the shelf."""
    from core.registry.exchange import MOST_BYTES  # noqa: PLC0415 - not for drawing other pages

    number = st.session_state.setdefault("imports", 0)
    file = st.file_uploader(
        "Import a model",
        type=["zip"],
        key=f"import-{number}",
        max_upload_size=MOST_BYTES // 1_000_000,
        help=_HELP,
    )
    if file is None:
        return
    name = st.text_input(
        "Its name here",
        key=f"import-name-{number}",
        placeholder="as on its card",
        max_chars=64,
    ).strip()
    if st.button("Put it on the shelf", key="import", type="primary", width="stretch"):
        from core.registry.exchange import import_package  # noqa: PLC0415

        try:
            with st.spinner("Checking the model …"):
                package = import_package(file, name or None)
        except LobuleError as error:
            notice(str(error), "error")
            return
        st.session_state["imports"] = number + 1
        st.session_state["shelf_told"] = (
            f"{package.card.name}, “{package.card.title}”, is on the shelf."
        )
        st.rerun()
