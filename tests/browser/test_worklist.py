"""The journey of a disagreement: answered, saved, found, judged, and opened as a dataset."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from tests.browser.watched import watched

if TYPE_CHECKING:
    from tests.browser.conftest import AppServer

SECOND = 1000
START = 60 * SECOND
ANSWER = 300 * SECOND  # the first one loads TensorFlow and the model
HOSTILE = "<img src=x onerror=alert(1)> =1+1 '; DROP TABLE cases;-- :red[x] [a](b)"
FORMULA = '=HYPERLINK("http://x.test","y")'

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(chromium: Browser, app_server: "AppServer") -> Iterator[Page]:
    """One tab for the whole journey."""
    with watched(chromium, app_server.url, START) as tab:
        yield tab


def save(page: Page, patient: str = "") -> str:
    """Save what is answered as a case, open it, and return its number."""
    page.get_by_role("button", name="Save as case").click(timeout=ANSWER)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Keep the files' names").click()
    dialog.get_by_role("textbox", name="Patient's pseudonym").fill(patient)
    dialog.get_by_role("textbox", name="Your name").fill("Anna")
    dialog.get_by_role("button", name="Save", exact=True).click()
    saved = page.get_by_text("Saved as case")
    expect(saved).to_be_visible(timeout=ANSWER)
    found = re.search("[0-9A-Z]{4}-[0-9A-Z]{4}", saved.inner_text())
    assert found
    page.get_by_role("button", name="Open in the worklist").click()
    expect(page.get_by_role("heading", name=f"Case {found[0]}")).to_be_visible(timeout=START)
    return found[0]


def judge(page: Page, key: str, note: str, subtype: str = "") -> None:
    """Write a note, then press a verdict's key, or name what the model does not know."""
    page.get_by_role("textbox", name="Note").fill(note, timeout=START)
    page.get_by_role("textbox", name="Note").blur()
    if subtype:
        page.get_by_role("button", name="Other", exact=True).click()
        page.get_by_role("textbox", name="It is").fill(subtype)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Save as verdict").click()
    else:
        page.keyboard.press(key)
    expect(page.get_by_text("The verdict is saved.")).to_be_visible(timeout=30 * SECOND)
    expect(page.get_by_text(re.compile(": Anna, ")).first).to_be_visible(timeout=30 * SECOND)


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_bytes()


def search(page: Page, text: str, found: str) -> None:
    page.get_by_role("textbox", name="Search").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_text(found)).to_be_visible(timeout=30 * SECOND)


def open_newest(page: Page, url: str) -> Locator:
    """Open the case in the first row; the table is drawn on a canvas. Return its heading."""
    page.goto(f"{url}/worklist")
    table = page.locator("[data-testid=stDataFrame]")
    expect(table).to_be_visible(timeout=START)
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 150, box["y"] + 52)
    heading = page.get_by_role("heading", name=re.compile("^Case "))
    expect(heading).to_be_visible(timeout=START)
    return heading


@pytest.fixture(scope="module")
def cases(chromium: Browser, app_server: "AppServer") -> tuple[str, str]:
    """Two kept cases of one small image: one called "no IDC", and a hostile one, named."""
    with watched(chromium, app_server.url, START) as tab:
        diagnose(tab, "field.png", seed=4)
        first = save(tab)
        judge(tab, "n", HOSTILE)
    with watched(chromium, app_server.url, START) as tab:
        diagnose(tab, f"{HOSTILE.replace('/', '')}.png", seed=5)
        second = save(tab, FORMULA)
        judge(tab, "", "clear", subtype="IDC")
    return first, second


def diagnose(page: Page, name: str, seed: int) -> None:
    from core.imaging.overlay import encode_png  # noqa: PLC0415 - only this draws
    from core.imaging.phantom import render_phantom  # noqa: PLC0415

    data = encode_png(render_phantom(seed=seed, height=200, width=260).pixels)
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": data}
    )
    expect(page.locator(".lobule-answer").first).to_be_visible(timeout=ANSWER)


def test_a_kept_case_is_shown_as_it_was_answered(
    page: Page, cases: tuple[str, str], app_server: "AppServer"
) -> None:
    page.goto(f"{app_server.url}/worklist?case={cases[0]}")
    expect(page.get_by_role("textbox", name="Note")).to_have_value(HOSTILE, timeout=START)
    expect(page.locator(".st-key-pair .heatmaplayer image")).to_have_count(1, timeout=ANSWER)


@pytest.mark.exhaustive
def test_names_and_notes_are_text_wherever_they_stand(
    page: Page, cases: tuple[str, str], app_server: "AppServer"
) -> None:
    page.goto(f"{app_server.url}/worklist?case={cases[0]}")
    page.get_by_text(re.compile("Trail, 2 entries")).click(timeout=START)
    trail = page.get_by_role("region", name="Trail of the case")
    expect(trail).to_contain_text(HOSTILE)
    expect(trail).to_contain_text("judged")
    page.goto(f"{app_server.url}/worklist?case={cases[1]}")
    shown = page.locator(".lobule-file").filter(has_text="DROP TABLE")
    expect(shown).to_contain_text(HOSTILE, timeout=START)
    expect(page.locator(".lobule-file").filter(has_text="HYPERLINK")).to_contain_text(FORMULA)
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page.locator("a[href='http://x.test']")).to_have_count(0)

    page.get_by_role("button", name="Back to the worklist").click()
    expect(page.get_by_text("2 cases · 2 images")).to_be_visible(timeout=30 * SECOND)
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "Export CSV").decode("utf-8-sig"))))
    by_case = {row["case"]: row for row in rows}
    assert by_case.keys() == set(cases)
    assert by_case[cases[0]]["verdict"]
    assert by_case[cases[1]]["subtype"] == "IDC"
    # A spreadsheet of another country ends a cell at the semicolon: what follows is text, too.
    assert by_case[cases[0]]["note"] == HOSTILE.replace(";-", ";'-")
    assert by_case[cases[1]]["patient"] == f"'{FORMULA}"
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    content = json.loads(downloaded(page, "Export JSON"))
    assert [case["id"] for case in content["cases"]] == list(reversed(cases))


@pytest.mark.exhaustive
def test_the_report_is_a_pdf_with_the_answer_and_the_words(
    page: Page, cases: tuple[str, str], app_server: "AppServer"
) -> None:
    page.goto(f"{app_server.url}/worklist?case={cases[1]}")
    answer = page.locator(".lobule-answer output").first
    expect(answer).to_be_visible(timeout=START)
    share = answer.inner_text().partition("%")[0]
    page.get_by_role("button", name="Report").click()
    page.get_by_role("button", name="Make the report").click()
    save = page.get_by_role("button", name="Save the report")
    expect(save).to_be_visible(timeout=START)
    content = downloaded(page, "Save the report")
    pages = PdfReader(io.BytesIO(content)).pages
    text = "".join("".join(page.extract_text() for page in pages).replace("\0", "").split())
    for words in (HOSTILE.replace("/", ""), FORMULA, f"{share}% probability of", "clear", cases[1]):
        assert "".join(words.split()) in text


@pytest.mark.usefixtures("cases")
def test_a_disagreement_becomes_training_data(
    page: Page, cases: tuple[str, str], app_server: "AppServer"
) -> None:
    # By name, since what the model said of either, and so what a disagreement means, may change.
    page.goto(f"{app_server.url}/worklist?case={cases[0]}")
    page.get_by_role("textbox", name="Your name").fill("Anna", timeout=START)
    judge(page, "i", HOSTILE)
    judge(page, "n", HOSTILE)
    page.goto(f"{app_server.url}/worklist")
    expect(page.get_by_text("2 cases · 2 images")).to_be_visible(timeout=START)
    search(page, "drop table", "2 cases · 2 images")
    search(page, cases[0].lower(), "1 case · 1 image")
    search(page, "", "2 cases · 2 images")
    page.get_by_role("button", name="Make a dataset").click()
    dialog = page.get_by_role("dialog")
    found = dialog.get_by_text("2 images of 2 patients: 1 IDC, 1 no IDC")
    expect(found).to_be_visible(timeout=30 * SECOND)
    dialog.get_by_role("button", name="Write the manifest").click()
    dialog.get_by_role("button", name="Open on the Datasets page").click(timeout=30 * SECOND)
    shown = page.locator(".lobule-file").first
    expect(shown).to_contain_text("2 images", timeout=START)
    expect(shown).to_contain_text("2 patients")
    expect(shown).to_contain_text("2 classes")
    expect(page.locator("img[src=x]")).to_have_count(0)
    manifests = list((app_server.home / "cases" / "manifests").glob("*.csv"))
    assert len(manifests) == 1


@pytest.mark.usefixtures("cases")
@pytest.mark.exhaustive
def test_a_deleted_case_leaves_its_number(page: Page, app_server: "AppServer") -> None:
    open_newest(page, app_server.url)
    images = next((app_server.home / "cases").glob("images-*"))
    before = len(list(images.glob("*.png")))
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("1 case · 1 image")).to_be_visible(timeout=START)
    assert len(list(images.glob("*.png"))) == before - 1
    page.get_by_role("radio", name="Deleted").click()
    expect(page.get_by_text("Number and trail are kept")).to_be_visible(timeout=30 * SECOND)
