import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.training.planning.plan
from core.training.jobs import list_runs, list_unreadable, read_run
from core.training.planning.plan import Plan, SplitPart
from core.training.request.request import Request
from pages.runs import words as run_words
from pages.runs.follow import standing
from pages.shared.hand_over import DIAGNOSE
from tests import made_encoders
from tests.pages.made_up_runs import MadeUpRuns

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120

pytestmark = [pytest.mark.usefixtures("shelf"), pytest.mark.slow]


@pytest.fixture
def runs(home: Path, shelf_folder: Path) -> Iterator[MadeUpRuns]:
    made_up = MadeUpRuns(home, shelf_folder / "tiny")
    yield made_up
    for lock in made_up.held:
        os.close(lock)


def start(run: str | None = None) -> AppTest:
    """The page as app.py runs it: AppTest cannot follow its navigation."""
    page = AppTest.from_file(str(ROOT / "pages" / "training.py"), default_timeout=SECONDS)
    page.session_state["through_app"] = True
    if run:
        page.query_params["run"] = run
    page.run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def words(page: AppTest) -> str:
    """Everything that can be read, as text."""
    kinds = ("title", "text", "caption", "markdown", "code")
    said = [element.value for kind in kinds for element in page.get(kind)]
    said += [element.proto.text for element in page.get("progress")]
    return "\n".join([html(page), *said])


def keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.button}


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def test_without_runs_the_form_of_a_new_one_is_there(home: Path) -> None:
    page = start()
    assert page.title[0].value == "Train a model"
    assert any("No runs yet" in said.value for said in page.caption)
    assert "check" not in keys(page)
    assert not (home / "runs").exists()
    page = start("all")
    assert any("No runs yet" in said.value for said in page.text)


def test_a_waiting_run_says_its_place_in_line(runs: MadeUpRuns) -> None:
    runs.add("first", "running", epochs=1)
    runs.add("next", "waiting", hour=1)
    run = runs.add("last", "waiting", hour=2)
    said = words(start(run))
    assert "number 2 in the queue" in said
    assert "◔ waiting" in said


def test_a_running_run_is_followed(runs: MadeUpRuns) -> None:
    run = runs.add("mine", "running")
    page = start(run)
    assert "Reading images, 50%" in words(page)
    assert "Curves appear after the first" in words(page)
    values = {"epoch": 1, "epochs": 5, "step": 2, "steps": 4, "loss": 0.5}
    runs.write(run, {"event": "step", **values, "learning_rate": 0.01, "images_per_second": 77.0})
    said = words(page.run())
    for part in ("1 of 5", "2 of 4", "77", "0.01", "a made-up device", "▶ running", "line one"):
        assert part in said
    assert "⟨U+001B⟩" in said
    assert "really_cancel" in keys(page)


def test_curves_are_those_of_the_history(runs: MadeUpRuns) -> None:
    page = start(runs.add("mine", "running", epochs=4))
    assert "4 epochs" in words(page)
    assert len(page.get("plotly_chart")) == 3
    assert '"text":"kept"' in page.get("plotly_chart")[0].proto.spec
    assert "0.850" in html(page)  # training AUROC of the last epoch


def test_cancelling_asks_the_run_to_stop(runs: MadeUpRuns, home: Path) -> None:
    run = runs.add("mine", "running", epochs=1)
    page = start(run)
    assert "The best model so far is kept" in words(page)
    runs.write(run, {"event": "stage", "name": "Judging", "done": 0.0})
    page.run()
    assert "before the model is judged. Finished epochs are kept" in words(page)
    press(page, "really_cancel")
    assert (home / "runs" / run / "cancel").exists()
    assert page.button(key="stopping").disabled
    runs.write(run, {"event": "cancelled", "message": "Cancelled as asked."})
    page.run()
    assert "Cancelled as asked." in html(page)
    assert "resume" in keys(page)


def test_a_finished_run_shows_its_result_beside_others(runs: MadeUpRuns) -> None:
    runs.add("leaky", "finished", epochs=3, changes=("split=image",))
    runs.add("moved", "finished", epochs=3, data=Path("/data/moved"), hour=1)
    # The folder is the same, but of other magnifications, or with other images since.
    runs.add("changed", "finished", epochs=3, images="b", hour=1)
    runs.add("later", "finished", epochs=3, hour=3)
    page = start(runs.add("mine", "finished", epochs=5, hour=2))
    said = html(page)
    assert "moved" in said
    assert "changed" not in said.partition("Result")[2]
    assert "later" not in said.partition("Result")[2]
    assert "0.873 [0.812, 0.934]" in said
    assert "0.791" in said
    assert "1,234 images of 9 patients" in said
    assert "mine (this run)" in said
    assert "⚠ by image (leaky)" in said
    assert "Not clearly better than colour alone" in said
    assert "resume" not in keys(page)


def test_a_leaky_run_is_marked_everywhere(runs: MadeUpRuns) -> None:
    run = runs.add("leaky", "finished", epochs=3, changes=("split=image",))
    page = start(run)
    assert "⚠ leaky split" in html(page)
    assert run_words.LEAKY in html(page)
    assert page.button(key=f"show-{run}").help.count("leaky") == 1
    assert list(start("all").dataframe[0].value["Split"]) == ["⚠ by image (leaky)"]


def test_using_a_model_puts_it_on_the_shelf_and_trying_it_leads_to_diagnose(
    runs: MadeUpRuns, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.add("mine", "finished", epochs=2)
    page = press(start(run), "use_model")
    assert (home / "models" / "mine" / "model.keras").exists()
    assert page.button(key="shelved").disabled
    went: list[str] = []
    monkeypatch.setattr(st, "switch_page", went.append)
    press(page, "try_model")
    assert went == [DIAGNOSE]
    desk = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    desk.session_state["handed_over_model"] = page.session_state["handed_over_model"]
    assert desk.run().selectbox(key="model").value == "mine", "and not the automatic choice"
    assert desk.run().selectbox(key="model").value == "mine", "nor later"


def test_a_taken_name_is_asked_about(runs: MadeUpRuns, home: Path) -> None:
    run = runs.add("mine", "finished", epochs=2)
    taken = home / "models" / "mine"
    taken.mkdir(parents=True)
    page = start(run)
    assert "use_model" not in keys(page)
    press(page, "replace")
    assert (taken / "model.keras").exists()


def test_cancelled_failed_and_interrupted_runs_say_why_and_can_go_on(runs: MadeUpRuns) -> None:
    page = start(runs.add("stopped", "cancelled", epochs=2))
    assert "Cancelled after 2 of 5 epochs" in html(page)
    assert {"use_model", "resume"} <= keys(page)
    page = start(runs.add("broken", "failed", epochs=1, hour=1))
    assert "lobule-error" in html(page)
    assert "&lt;b&gt;no number&lt;/b&gt;" in html(page)
    assert "<b>no number" not in html(page)
    page = start(runs.add("cut", "interrupted", epochs=2, hour=2))
    assert "Epochs up to 2 are kept" in html(page)
    assert "use_model" not in keys(page)
    assert "resume" in keys(page)


def test_damaged_runs_and_models_are_said(runs: MadeUpRuns, home: Path) -> None:
    sound = runs.add("sound", "finished", epochs=2)
    torn = runs.add("torn", "finished", epochs=2, hour=1)
    with (home / "runs" / torn / "package" / "torn" / "model.keras").open("ab") as file:
        file.write(b"x")
    lost = runs.add("lost", "failed", hour=2)
    (home / "runs" / lost / "request.json").write_text("{")
    page = start("all")
    assert lost in html(page)
    assert list(page.dataframe[0].value["Name"]) == ["torn", "sound"]
    assert list(page.dataframe[0].value["AUROC"])[1] == 0.873
    said = html(start(torn))
    assert "lobule-error" in said
    assert "use_model" not in keys(start(torn))
    assert "cannot be read" in html(start(lost))
    assert "There is no run" in html(start("20200101-000000-nobody"))
    assert "There is no run" in html(start("../../etc"))
    shutil.rmtree(home / "runs" / sound)
    assert "There is no run" in html(start(sound))


@pytest.mark.parametrize(
    "odd",
    [
        b"no JSON",
        b'{"at": 1, "event": "dataset"}',
        b'{"at": 1, "event": "step", "epoch": 1, "epochs": 0, "step": 1, "steps": 0}',
        b'{"at": 1e300, "event": "epoch", "epoch": "one", "loss": NaN}',
        b"\xff\x00",
    ],
)
def test_an_odd_line_spoils_no_page(runs: MadeUpRuns, odd: bytes) -> None:
    run = runs.add("odd", "finished", epochs=2)
    runs.add("other", "failed", hour=1)
    with (runs.home / "runs" / run / "events.jsonl").open("ab") as file:
        file.write(odd + b"\n")
    assert list(start("all").dataframe[0].value["Name"]) == ["other", "odd"]
    page = start(run)
    assert page.title[0].value == "odd"
    assert "2 epochs" in words(page)


def test_with_nothing_but_unreadable_runs_the_page_says_why(runs: MadeUpRuns) -> None:
    run = runs.add("noise", "failed")
    (runs.home / "runs" / run / "events.jsonl").write_bytes(b"noise\n")
    page = start()
    assert page.title[0].value == "Training runs"
    assert f"The run {run} cannot be read" in html(page)
    assert [button.label for button in page.button if button.key == "show-all"] == ["All runs (1)"]


def test_a_run_that_turns_unreadable_is_noticed(runs: MadeUpRuns) -> None:
    def script() -> None:
        import streamlit as st  # noqa: PLC0415 - AppTest runs it on its own

        from core.training.jobs import list_runs, list_unreadable  # noqa: PLC0415
        from pages.runs.follow import follow, standing  # noqa: PLC0415

        st.session_state["times"] = st.session_state.get("times", 0) + 1
        now = standing(list_runs(), list_unreadable(), epochs=False)
        follow(st.session_state.pop("drawn", now), "all", epochs=False)
        st.session_state["now"] = now

    sound, odd = runs.add("sound", "failed"), runs.add("odd", "failed", hour=1)
    page = AppTest.from_function(script, default_timeout=SECONDS).run()
    assert page.session_state["times"] == 1
    for spoilt in (odd, sound):
        before, times = page.session_state["now"], page.session_state["times"]
        (runs.home / "runs" / spoilt / "events.jsonl").write_bytes(b"noise\n")
        page.session_state["drawn"] = before
        page.run()
        assert not page.exception
        assert page.session_state["times"] == times + 2  # once as a timer would, once to draw anew


def test_an_unreadable_run_that_comes_is_noticed(runs: MadeUpRuns) -> None:
    before = standing(list_runs(), list_unreadable(), epochs=False)
    (runs.home / "runs" / runs.add("odd", "failed") / "events.jsonl").write_bytes(b"noise\n")
    assert standing(list_runs(), list_unreadable(), epochs=False) != before


def test_runs_that_cannot_be_listed_are_explained(home: Path) -> None:
    (home / "runs").write_text("no folder")
    assert "cannot be read" in html(start())


def test_the_table_holds_every_run(runs: MadeUpRuns) -> None:
    runs.add("one", "finished", epochs=3)
    runs.add("two", "failed", epochs=2, hour=1)
    runs.add("three", "waiting", hour=2)
    page = start()
    assert page.title[0].value == "Training runs"
    table = page.dataframe[0].value
    assert list(table["State"]) == ["◔ waiting", "✕ failed", "✓ finished"]
    assert list(table["Epochs"]) == [0, 2, 3]
    assert (
        list(table["95 % interval"])[2]
        == "0.812 to 0.934 ▲\N{NO-BREAK SPACE}9\N{NO-BREAK SPACE}patients"
    )
    assert list(table["Patients"])[2] == 9
    assert list(table["Minutes"])[2] == pytest.approx(69 / 60)
    assert any("Tick runs" in caption.value for caption in page.caption)


def test_what_others_do_is_seen(runs: MadeUpRuns) -> None:
    page = start("new")
    run = runs.add("theirs", "running")
    page.run()
    assert f"show-{run}" in keys(page)


def test_a_run_is_chosen_in_the_sidebar_and_kept_in_the_address(runs: MadeUpRuns) -> None:
    run = runs.add("mine", "failed")
    page = press(start("new"), f"show-{run}")
    assert page.query_params["run"] == run
    assert page.title[0].value == "mine"


def fill(page: AppTest, data: Path, recipe: str = "cnn3") -> AppTest:
    page.text_input(key="dataset_path").set_value(str(data)).run()
    page.selectbox(key="recipe").set_value(recipe).run()
    assert not page.exception
    return page


def checked(page: AppTest) -> AppTest:
    page.button(key="check").click().run()
    deadline = time.monotonic() + SECONDS
    while page.button(key="check").disabled:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    assert not page.exception
    return page


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Checks that answer at once; the requests they were asked about."""
    asked: list[Request] = []

    def plan(request: Request) -> Plan:
        asked.append(request)
        refusals = ("There is nothing <b>here</b>.",) if request.data.name == "bad" else ()
        return Plan(
            refusals,
            ("Seven notes.",),
            "made up",
            ("benign", "malignant"),
            parts={"train": SplitPart(12, 3456, {"benign": 456, "malignant": 3000})},
            device="a made-up device",
            epochs=7,
            seconds_an_epoch=61,
            seconds=430,
            disk_needed=5_000_000,
            disk_free=9_000_000_000,
        )

    monkeypatch.setattr(core.training.planning.plan, "plan", plan)
    return asked


@pytest.mark.exhaustive
@pytest.mark.usefixtures("planned")
def test_every_recipe_can_be_asked_for_as_it_is(tmp_path: Path) -> None:
    page = start("new")
    for recipe in page.selectbox(key="recipe").options:
        fill(page, tmp_path, recipe.partition(":")[0])
        assert "lobule-error" not in html(page)
        assert not any("Changed from" in said.value for said in page.caption)


def test_a_probe_asks_which_encoder_it_is_for(tmp_path: Path, planned: list[Request]) -> None:
    page = fill(start("new"), tmp_path, "probe")
    assert "There is no encoder here yet" in html(page)
    made_encoders.added(tmp_path)
    page.run()
    assert page.selectbox(key="encoder").options == ["toy: Toy"]
    checked(page)
    recipe = planned[0].recipe
    assert (recipe.encoder, recipe.input_size, recipe.probe.passes) == ("toy", 32, 1)


def test_changes_come_out_as_on_the_command_line(tmp_path: Path, planned: list[Request]) -> None:
    page = fill(start("new"), tmp_path, "densenet121")
    page.number_input(key="densenet121:train.epochs").set_value(3)
    page.toggle(key="densenet121:fine_tune").set_value(False)
    page.selectbox(key="densenet121:train.schedule").set_value("cosine")
    page.selectbox(key="densenet121:split").set_value("image").run()
    page.number_input(key="densenet121:train.warm_up_epochs").set_value(1).run()
    page.text_input(key="run_name").set_value("other").run()
    assert run_words.LEAKY in html(page)
    command = page.code[-1].value
    for change in ("train.epochs=3", "fine_tune=none", "train.warm_up_epochs=1"):
        assert f"--set {change}" in command
    assert "--split image" in command
    checked(page)
    recipe = planned[0].recipe
    assert recipe.train
    assert (recipe.train.epochs, recipe.train.schedule, recipe.split) == (3, "cosine", "image")
    assert recipe.fine_tune is None
    assert planned[0].name == "other"


def test_a_network_without_pretraining_takes_what_needs_it_along(
    tmp_path: Path, planned: list[Request]
) -> None:
    page = fill(start("new"), tmp_path, "vgg19")
    page.selectbox(key="vgg19:architecture").set_value("cnn4").run()
    checked(page)
    recipe = planned[0].recipe
    assert (recipe.architecture, recipe.weights, recipe.fine_tune) == ("cnn4", "none", None)


def test_settings_that_contradict_each_other_are_refused_in_words(tmp_path: Path) -> None:
    page = fill(start("new"), tmp_path)
    page.selectbox(key="cnn3:task").set_value("subtype").run()
    assert "a sigmoid tells two classes apart" in html(page)
    assert "check" not in keys(page)


def test_a_check_says_what_will_happen(
    tmp_path: Path, planned: list[Request], runs: MadeUpRuns
) -> None:
    runs.add("theirs", "running")
    page = fill(start("new"), tmp_path)
    assert page.button(key="start").disabled
    checked(page)
    said = html(page)
    for part in ("3,456", "456 images", "a made-up device", "7 epochs of 1 min 1 s", "5 MB needed"):
        assert part in said
    assert "after 1 other run" in said
    assert "Seven notes." in said
    assert not page.button(key="start").disabled
    # What was checked is no longer what is asked for.
    page.number_input(key="cnn3:train.epochs").set_value(2).run()
    assert page.button(key="start").disabled
    assert len(planned) == 1


def test_the_scale_is_asked_for_where_the_images_do_not_say_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def plan(request: Request) -> Plan:
        asked.append(request)
        return Plan((), scale_known=request.data.name == "known" or bool(request.um_per_px))

    monkeypatch.setattr(core.training.planning.plan, "plan", plan)
    page = checked(fill(start("new"), tmp_path / "known"))
    assert f"scale-{tmp_path / 'known'}" not in keys(page)
    page = checked(fill(start("new"), tmp_path / "bare"))
    page.number_input(key=f"scale-{tmp_path / 'bare'}").set_value(0.5).run()
    assert "--um-per-px 0.5" in page.code[-1].value
    checked(page)
    assert [request.um_per_px for request in asked] == [None, None, 0.5]
    assert page.number_input(key=f"scale-{tmp_path / 'bare'}").value == 0.5


@pytest.mark.usefixtures("planned")
def test_what_cannot_work_cannot_be_started(tmp_path: Path) -> None:
    page = checked(fill(start("new"), tmp_path / "bad"))
    assert "&lt;b&gt;here&lt;/b&gt;" in html(page)
    assert page.button(key="start").disabled


def test_a_fault_of_a_check_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.training.planning.plan, "plan", lambda _: 1 / 0)
    page = checked(fill(start("new"), tmp_path))
    assert "because of a program error" in html(page)
    assert "ZeroDivision" not in words(page)


@pytest.mark.usefixtures("planned")
def test_a_taken_name_is_avoided_and_may_be_replaced(
    tmp_path: Path, home: Path, runs: MadeUpRuns
) -> None:
    (home / "models" / "cnn3").mkdir(parents=True)
    runs.add("cnn3-2", "failed")
    page = fill(start("new"), tmp_path)
    assert page.text_input(key="run_name").value == "cnn3-3"
    page.text_input(key="run_name").set_value("cnn3").run()
    page.toggle(key="may_replace").set_value(True).run()
    assert "--replace" in page.code[-1].value


@pytest.mark.usefixtures("planned", "pretence")
def test_a_run_is_started_and_resumed(
    ask: Callable[..., Request], wait_until: Callable[..., object]
) -> None:
    data = ask().data
    page = checked(fill(start("new"), data))
    press(page, "start")
    run = page.query_params["run"]
    assert run.endswith("-cnn3")
    # The recipe's title is no number of seconds, which the pretended training trips over.
    wait_until(run)
    page.run()
    assert read_run(run).state == "failed"
    assert "Program error" in html(page)
    press(page, "resume")
    wait_until(run)
    assert "Program error" in (read_run(run).message or "")


def test_a_resumed_run_does_not_pose_with_its_former_model(runs: MadeUpRuns) -> None:
    run = runs.add("again", "running", epochs=3)
    runs._pack(runs.home / "runs" / run / "package" / "again", leaky=False)
    runs.write(run, {"event": "cancelled", "package": "again"}, {"event": "queued"})
    runs.write(run, {"event": "started", "device": "a made-up device"})
    page = start("all")
    assert list(page.dataframe[0].value["State"]) == ["▶ running"]
    assert page.dataframe[0].value["AUROC"].isna().all()


def test_the_positive_class_is_asked_for_where_the_words_do_not_say_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def plan(request: Request) -> Plan:
        asked.append(request)
        settled = request.data.name == "settled" or request.positive
        return Plan(() if settled else ("Which?",), undecided=() if settled else ("a", "x"))

    monkeypatch.setattr(core.training.planning.plan, "plan", plan)
    page = checked(fill(start("new"), tmp_path / "settled"))
    assert not [box for box in page.selectbox if str(box.key).startswith("positive-")]
    page = checked(fill(start("new"), tmp_path / "letters"))
    box = page.selectbox(key=f"positive-{tmp_path / 'letters'}")
    assert (list(box.options), box.value) == (["a", "x"], None)
    box.set_value("a").run()
    assert "--positive a" in page.code[-1].value
    checked(page)
    assert [request.positive for request in asked] == [None, None, "a"]
