"""A tab that nothing may go wrong in."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

_LOCAL = ("http://localhost", "ws://localhost", "data:", "blob:")


@contextmanager
def watched(
    chromium: Browser, address: str, wait: int, width: int = 1440, scheme: str = "light"
) -> Iterator[Page]:
    """A tab at an address; fails if a script fails, a dialog opens, or it asks anybody else.

    Parameters
    ----------
    chromium : Browser
    address : str
    wait : int
        Milliseconds that whatever is done in it may take.
    width : int
    scheme : "light" or "dark"
    """
    tab = chromium.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
    tab.set_default_timeout(wait)
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda sent: sent.url.startswith(_LOCAL) or faults.append(sent.url))
    tab.goto(address)
    yield tab
    tab.close()
    assert not faults
