"""A case on the Diagnose page: many images, their table, the case's answer, what survives."""

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from core.cases.judgement import label_of
from core.cases.read import find_cases
from core.cases.records import CaseFilter, Verdict
from core.cases.store import close_stores, open_store
from core.cases.trail import read_trail
from pages.desk import image as desk_image
from pages.desk import state as desks
from pages.desk.state import Desk, Upload
from tests.pages.conftest import NEGATIVE, POSITIVE, answered, upload_images
from tests.pages.test_diagnose import ROOT, html, open_page, tissue

pytestmark = pytest.mark.usefixtures("shelf")


def start() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def say(page: AppTest, named: str) -> Button:
    """The button that calls the image on show a class."""
    buttons = [one for one in page.button if (one.key or "").startswith("judge-")]
    return next(one for one in buttons if one.label.replace("\\", "") == named)


def outcomes(page: AppTest) -> list[str]:
    """What the model says of each image, as the table has it."""
    return [text.split(" ", 1)[1] for text in page.dataframe[0].value["Outcome"]]


def as_told(named: str, outcome: str) -> str:
    """What the table tells of a verdict: whether it is what the model says, else the class."""
    return "✓" if named == outcome else named


def save_as(page: AppTest, user: str) -> None:
    page.button(key="save_case").click().run()
    page.text_input(key="save_user").set_value(user)
    page.button(key="save_case").click()
    page.button(key="save_now").click().run()
    assert not page.exception


@pytest.fixture
def of_three() -> AppTest:
    """Three images, two of them the same."""
    files = [("a.png", tissue(1)), ("b.png", tissue(2)), ("again.png", tissue(1))]
    return upload_images(open_page(), *files)


def uploaded(key: str, size: int = 1) -> Upload:
    return Upload(key, f"{key}.png", key.encode, size=size)


@pytest.mark.slow
def test_the_table_the_case_and_duplicates(of_three: AppTest) -> None:
    table = of_three.dataframe[0].value
    assert list(table["Name"]) == ["a.png", "b.png", "again.png (= a.png)"]
    assert table["Image"].str.startswith("data:image/").all()
    assert table["P"][0] == table["P"][2]
    shown = html(of_three)
    assert "The case: " in shown
    assert "no interval below 5 images" in shown
    assert "of 2 images; not counted: 1 the same as another" in shown


@pytest.mark.slow
def test_the_same_pixels_in_another_file_are_a_duplicate() -> None:
    picture = Image.open(BytesIO(tissue(1)))
    bitmap = BytesIO()
    picture.save(bitmap, "BMP")
    page = upload_images(open_page(), ("a.png", tissue(1)), ("a.bmp", bitmap.getvalue()))
    assert list(page.dataframe[0].value["Name"]) == ["a.png", "a.bmp (= a.png)"]
    assert "of 1 image; not counted: 1 the same as another" in html(page)


@pytest.mark.slow
def test_a_word_on_each_image_and_the_next_one(of_three: AppTest) -> None:
    assert of_three.button(key="desk_Previous").disabled
    said = outcomes(of_three)
    say(of_three, POSITIVE).click().run()  # after it the next image comes
    assert on_show(of_three) == 1
    say(of_three, NEGATIVE).click().run()
    assert on_show(of_three) == 2
    say(of_three, "Cannot tell").click().run()
    assert on_show(of_three) == 2  # the last one
    assert of_three.button(key="desk_Next").disabled
    first, second = as_told(POSITIVE, said[0]), as_told(NEGATIVE, said[1])
    assert list(of_three.dataframe[0].value["You"]) == [first, second, "?"]
    assert any("3 of 3 judged by you" in one.value for one in of_three.caption)
    of_three.button(key="desk_unsay").click().run()
    assert list(of_three.dataframe[0].value["You"]) == [first, second, ""]


def test_a_key_pressed_twice_judges_one_image_once() -> None:
    desk = Desk("token")
    desk.put([uploaded("a"), uploaded("b"), uploaded("c")])
    ids = list(desk.images)
    desk.chosen = "a"
    for _ in range(2):  # the second time before the page of the next image was drawn
        desk_image._say(desk, ids, ("a", "model", None), POSITIVE)
    assert desk.verdicts == {("a", "model", None): POSITIVE}
    assert desk.chosen == "b"


def with_selection(
    page: AppTest, row: int, *columns: str, heard: bool = True, cell: str | None = None
) -> AppTest:
    """Run the page as a browser asks for it in whose table a row and a head are marked.

    With `cell`, the row's cell in that column is clicked: nothing else is marked then.

    `heard` is false where it does not know yet what the page has marked last.
    """
    states = page._tree.get_widget_states()  # AppTest has no selections
    mark = page.text_input(key="desk_table_heard")
    for state in states.widgets:
        if state.id == mark.proto.id and not heard:
            state.string_value = str(int(mark.value or 0) - 1)
    table = states.widgets.add()
    table.id = page.dataframe[0].proto.id
    marked: dict[str, Any] = {"rows": [row], "columns": columns, "cells": []}
    if cell:
        marked = {"rows": [], "columns": [], "cells": [[row, cell]]}
    table.string_value = json.dumps({"selection": marked})
    return page._run(states)


def on_show(page: AppTest) -> int:
    desk = desks._desks().by_token[page.session_state["desk"]]
    return list(desk.images).index(desk.chosen or "")


@pytest.mark.slow
def test_a_marked_row_is_no_click_before_the_browser_has_heard_of_another(
    of_three: AppTest,
) -> None:
    page = of_three
    # The first word of a browser on what is marked comes with the key that was pressed.
    with_selection(page.button(key="desk_Next").click() and page, 0)
    assert on_show(page) == 1
    with_selection(page, 0, heard=False)  # a timer, set off before the answer to the key was there
    assert on_show(page) == 1
    with_selection(page, 1)
    with_selection(page, 2)  # a click
    assert on_show(page) == 2
    page.button(key="desk_Previous").click().run()
    assert on_show(page) == 1
    with_selection(page, 2)  # a click back, however soon
    assert on_show(page) == 2
    with_selection(page, 1)
    assert on_show(page) == 1
    with_selection(page, 2, cell="Name")  # a click on a row's text
    assert on_show(page) == 2
    with_selection(page, 0, cell="Outcome", heard=False)
    assert on_show(page) == 2


@pytest.mark.slow
def test_the_next_image_is_that_of_the_order_that_was_chosen(of_three: AppTest) -> None:
    with_selection(of_three, 0, "Name")
    assert [name[:5] for name in of_three.dataframe[0].value["Name"]] == ["a.png", "again", "b.png"]
    of_three.button(key="desk_Next").click().run()
    assert on_show(of_three) == 2


@pytest.mark.slow
def test_a_single_image_can_be_judged_as_soon_as_it_is_answered() -> None:
    page = upload_images(open_page(), ("a.png", tissue(1)))
    assert not say(page, POSITIVE).disabled


@pytest.mark.slow
def test_a_word_on_one_answer_is_on_no_other(of_three: AppTest) -> None:
    page = of_three
    told = [as_told(POSITIVE, outcomes(page)[0]), "", ""]
    say(page, POSITIVE).click().run()
    assert list(page.dataframe[0].value["You"]) == told
    answered(page.number_input(key="um_per_px").set_value(3.0).run())
    assert list(page.dataframe[0].value["You"]) == ["", "", ""]
    answered(page.number_input(key="um_per_px").set_value(None).run())  # the first answer again
    assert list(page.dataframe[0].value["You"]) == told


def test_a_key_pressed_again_before_the_page_was_drawn_goes_on() -> None:
    desk = Desk("token")
    desk.put([uploaded("a"), uploaded("b"), uploaded("c")])
    ids, shown = list(desk.images), []
    desk.chosen = "a"
    for steps in (1, 1, 1, -1):  # with the list that was drawn before the first
        desk_image._step(desk, ids, steps)
        shown.append(desk.chosen)
    assert shown == ["b", "c", "c", "b"]
    desk.chosen = None  # taken off meanwhile
    desk_image._step(desk, ids, 1)
    assert desk.chosen == "b"


@pytest.mark.slow
def test_what_was_said_is_saved_with_the_case(of_three: AppTest) -> None:
    try:
        named = NEGATIVE if outcomes(of_three)[0] == POSITIVE else POSITIVE
        say(of_three, named).click().run()
        say(of_three, "Cannot tell").click().run()
        save_as(of_three, "Anna")
        case = find_cases(open_store(), CaseFilter()).cases[0]
        assert [label_of(image) for image in case.images] == [named, None, None]
        assert case.images[1].verdict == Verdict.CANNOT_TELL
        assert case.images[2].verdict is None
        assert case.images[0].judged_by == "Anna"
        told = [entry for entry in read_trail(open_store(), case.id) if entry.action == "judged"]
        assert len(told) == 2
    finally:
        close_stores()


@pytest.mark.slow
def test_a_refresh_finds_the_desk_by_its_address(of_three: AppTest) -> None:
    of_three.number_input(key="um_per_px").set_value(3.0)
    answered(of_three.run())
    said = as_told(POSITIVE, outcomes(of_three)[0])
    say(of_three, POSITIVE).click().run()
    token = of_three.session_state["desk"]
    again = start()
    again.query_params["desk"] = token
    again.run()
    assert not again.exception
    assert list(again.dataframe[0].value["You"]) == [said, "", ""]
    assert again.number_input(key="um_per_px").value == pytest.approx(3.0)
    aside = start()  # a refresh of another page, and from there back
    aside.query_params["desk"] = token
    aside.switch_page("pages/about.py").run()
    assert not aside.exception
    del aside.query_params["desk"]
    aside.switch_page("pages/diagnose.py").run()
    assert list(aside.dataframe[0].value["You"]) == [said, "", ""]
    other = start()
    other.query_params["desk"] = "somebody else's"
    other.run()
    assert not other.dataframe
    assert "These images are no longer in memory" in html(other)


@pytest.mark.slow
def test_one_image_may_have_a_scale_of_its_own(of_three: AppTest) -> None:
    own = next(one for one in of_three.number_input if "this image alone" in one.label)
    answered(own.set_value(2.5).run())
    assert "2.5 µm/px (given)" in html(of_three)
    of_three.button(key="desk_Next").click().run()
    assert "2.5 µm/px (given)" not in html(of_three)


@pytest.mark.slow
def test_magnifications_are_kept_with_each_image(of_three: AppTest) -> None:
    answered(of_three.selectbox(key="model").set_value("tiny").run())
    answered(of_three.button_group(key="magnification").set_value("40X").run())
    own = next(one for one in of_three.button_group if (one.key or "").startswith("magnification-"))
    answered(own.set_value("200X").run())
    assert "0.1 µm/px (given)" in html(of_three)
    of_three.button(key="desk_Next").click().run()
    assert "0.49 µm/px (given)" in html(of_three)
    try:
        save_as(of_three, "Anna")
        (case,) = find_cases(open_store(), CaseFilter()).cases
    finally:
        close_stores()
    assert [image.magnification for image in case.images] == ["200X", "40X", "40X"]
    assert [image.answers[0].um_per_px for image in case.images] == [0.10, 0.49, 0.49]


@pytest.mark.slow
def test_images_are_taken_off_and_the_desk_is_cleared(of_three: AppTest) -> None:
    of_three.button(key="desk_remove").click().run()
    assert list(of_three.dataframe[0].value["Name"]) == ["b.png", "again.png"]
    of_three.button(key="desk_clear").click().run()
    assert of_three.title[0].value == "Drop a picture of breast tissue"


def test_what_is_taken_off_the_desk_is_forgotten(of_three: AppTest) -> None:
    desk = next(iter(desks._desks().by_token.values()))
    first, _, again = list(desk.images)
    assert len(desk.answers) == len(desk.summaries) == 2
    desk.remove([first])
    assert len(desk.answers) == 2  # the third image is the same
    desk.remove([again])
    assert len(desk.answers) == len(desk.summaries) == len(desk.hashes) == 1
    desk.remove(list(desk.images))
    assert [*desk.answers, *desk.answer_bytes, *desk.summaries, *desk.hashes] == []
    assert desk.work is None
    of_three.run()
    assert of_three.title[0].value == "Drop a picture of breast tissue"


def test_a_desk_takes_so_many_images_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk("token")
    told = desk.put([uploaded(str(number)) for number in range(desks.MOST_IMAGES + 5)])
    assert told
    assert told.startswith("5 of 205 images were not taken")
    assert len(desk.images) == desks.MOST_IMAGES
    monkeypatch.setattr(desks, "MOST_BYTES", 100)
    small = Desk("token")
    assert small.put([uploaded("a", 60), uploaded("b", 60)])
    assert small.put([uploaded("c", 40)]) is None
    assert list(small.images) == ["a", "c"]
    assert small.bytes == 100


def test_desks_that_nobody_looks_at_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    held = desks._Desks()
    for number in range(4):
        held.by_token[str(number)] = Desk(str(number))
        held.by_token[str(number)].put([uploaded("a", 40)])
    held.by_token["0"].seen -= desks.IDLE_SECONDS + 1
    desks._clear_up(held)
    assert list(held.by_token) == ["1", "2", "3"]
    monkeypatch.setattr(desks, "most_for_files", lambda: 120)
    desks._clear_up(held)
    assert list(held.by_token) == ["1", "2", "3"]  # somebody works on each
    for desk in held.by_token.values():
        desk.seen -= desks.SPARED_SECONDS + 1
    held.by_token["1"].verdicts[("a", "model", None)] = "tumour"  # and was not saved
    desks._clear_up(held)
    assert list(held.by_token) == ["1", "3"]
    held.by_token["1"].saved_verdicts = dict(held.by_token["1"].verdicts)
    held.by_token["3"].put([uploaded("b", 20)])
    desks._clear_up(held)
    assert list(held.by_token) == ["3"]


def test_full_desks_refuse_more_and_say_so(all_desks: dict[str, Desk]) -> None:
    mine, theirs = all_desks["mine"], all_desks["theirs"]
    assert theirs.put([uploaded("a", 70)]) is None
    theirs.answer_bytes["a"] = 20  # can make room
    told = mine.put([uploaded("b", 20), uploaded("c", 20)])
    assert list(mine.images) == ["b"]
    assert told
    assert told.startswith("1 of 2 images were not taken: Lobule is busy")


def test_one_person_with_many_desks_takes_half_of_the_room(all_desks: dict[str, Desk]) -> None:
    mine, theirs = all_desks["mine"], all_desks["theirs"]
    mine.owner = "anna"
    all_desks["more of mine"] = Desk("more of mine", owner="anna")
    assert mine.put([uploaded("a", 60)]) is None
    assert all_desks["more of mine"].put([uploaded("b", 30)])
    assert theirs.put([uploaded("c", 40)]) is None


def test_answers_of_desks_long_unseen_make_room_and_words_stay(all_desks: dict[str, Desk]) -> None:
    mine, theirs = all_desks["mine"], all_desks["theirs"]
    theirs.seen -= 60
    for desk in (theirs, mine):
        for number in range(3):
            key = (f"{number}", "model", None, None, None)
            desk.answers[key], desk.answer_bytes[key] = object(), 20
            desk.summaries[key[:3]] = object()
        desk.verdicts[("0", "model", None)] = "tumour"
    desks.make_room(mine)
    assert (len(theirs.answers), len(mine.answers)) == (0, 2)  # 50 bytes are kept
    assert list(mine.answers)[-1][0] == "2"
    mine.answer_bytes[next(iter(mine.answers))] = 500
    desks.make_room(mine)
    assert len(mine.answers) == 1  # the one on show, however large
    for desk in (theirs, mine):
        assert len(desk.summaries) == 3
        assert desk.verdicts
        assert desk.answers.keys() == desk.answer_bytes.keys()


@pytest.fixture
def all_desks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Desk]:
    """Two desks, of people who have not signed in, where little fits."""
    held = desks._Desks()
    monkeypatch.setattr(desks, "_desks", lambda: held)
    monkeypatch.setattr(desks, "most_for_files", lambda: 100)
    monkeypatch.setattr(desks, "most_for_files_of_one", lambda: 80)
    monkeypatch.setattr(desks, "most_for_answers", lambda: 50)
    held.by_token |= {"mine": Desk("mine"), "theirs": Desk("theirs")}
    return held.by_token
