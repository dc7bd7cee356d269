"""When a Streamlit page has come to rest."""

from playwright.sync_api import Page, expect

# A click reaches the server and its answer comes back: a page that looks idle may be about to move.
QUIET = """
() => {
  const app = document.querySelector("[data-testid=stApp]");
  const busy = app?.dataset.testScriptState !== "notRunning"
    || app?.dataset.testConnectionState !== "CONNECTED"
    || document.querySelector("[data-stale=true]");
  if (busy) window.lobuleQuietSince = null;
  else window.lobuleQuietSince ??= performance.now();
  return !busy && performance.now() - window.lobuleQuietSince > 700;
}
"""


def settled(page: Page, timeout: float = 240_000) -> None:
    """Wait until no script has run and nothing was stale for most of a second (timeout: ms)."""
    page.evaluate("window.lobuleQuietSince = null")
    page.wait_for_function(QUIET, timeout=timeout, polling=100)


def open_account(page: Page) -> None:
    """Open "How was this computed?" by keyboard; a page still being drawn would lose the focus."""
    settled(page)
    account = page.locator(".st-key-account details")
    if account.get_attribute("open") is None:
        account.locator("summary").press("Enter")
    expect(account).to_have_attribute("open", "")
