"""What may be read where the server asks for others, and what a refusal tells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import DatasetError
from core.jobs.process import environment
from core.roots import HELD, data_roots, held, hold_to_roots, image_files, may_read, refuse_outside


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that is named; this process is held to it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("LOBULE_DATA_ROOTS", str(folder))
    monkeypatch.setenv(HELD, "1")
    return folder


def test_only_a_server_that_others_reach_or_that_has_roots_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(HELD, "")  # what is set below goes with the test
    monkeypatch.delenv(HELD)
    hold_to_roots(others=False)
    assert not held()
    assert may_read(Path("/etc"))
    monkeypatch.setenv("LOBULE_DATA_ROOTS", f" {os.pathsep}")  # names nothing
    hold_to_roots(others=False)
    assert not held()
    hold_to_roots(others=True)
    assert held()
    assert not may_read(Path("/etc"))
    monkeypatch.delenv(HELD)
    monkeypatch.setenv("LOBULE_DATA_ROOTS", "/nowhere")
    assert may_read(Path("/etc"))  # the command line, whatever the setting
    hold_to_roots(others=False)
    assert not may_read(Path("/etc"))


def test_a_process_that_the_server_starts_is_held_too(root: Path) -> None:
    code = f"from pathlib import Path; from core.roots import may_read as may; print(\
may(Path({str(root / 'x')!r})), may(Path({str(root.parent)!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.parametrize(
    "path",
    ["", ".", "a", "a/", "a/b.csv", "a/../b", "a/b/../../c", "./a", "nothing/here", "x/"],
)
def test_inside(root: Path, path: str) -> None:
    assert may_read(Path(f"{root}/{path}"))
    assert may_read(Path(f"{root}//{path}"))


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../", "../data2", "../data2/x", "../data/../data2", "a/../..", "../../../etc"),
        *("../data2/../data", "/etc/../{root}", "/nowhere/../{root}/a", "/", "/etc/passwd"),
        *("a\0b/../../x", "../dat", "../DATA"),
    ],
)
def test_outside(root: Path, path: str) -> None:
    (root.parent / "data2").mkdir()
    place = path.format(root=root) if path.startswith("/") else f"{root}/{path}"
    assert not may_read(Path(place))


def test_a_relative_path_counts_from_where_the_server_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    assert may_read(Path("data/x"))
    assert not may_read(Path("data2"))
    monkeypatch.setenv("LOBULE_DATA_ROOTS", "data/")
    assert may_read(root)
    assert not may_read(root.parent)


def test_links_are_judged_by_where_they_lead(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (root / "deep").mkdir()
    links = {"out": "../secret", "in": "deep", "up": "..", "gone": "../nothing", "loop": "loop"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    assert may_read(root / "in" / "x")
    for name in ("out", "out/x", "up", "up/secret", "gone", "in/../out", "out/../data"):
        assert not may_read(root / name), name
    # A way in from outside is no way either: it would tell that the link is there.
    (tmp_path / "way").symlink_to(root)
    assert not may_read(tmp_path / "way")


def test_a_root_may_be_a_link_and_be_called_by_both_names(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "called").symlink_to(root)
    monkeypatch.setenv("LOBULE_DATA_ROOTS", f"{tmp_path / 'called'}/")
    assert data_roots()[0] == root
    for name in ("called", "data"):
        assert may_read(tmp_path / name / "x")
        assert not may_read(tmp_path / name / "..")


def test_several_roots_and_one_of_all(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more").mkdir()
    both = os.pathsep.join([str(root), str(tmp_path / "more"), "/nowhere"])
    monkeypatch.setenv("LOBULE_DATA_ROOTS", both)
    assert data_roots() == (root, tmp_path / "more")
    assert may_read(tmp_path / "more" / "x")
    monkeypatch.setenv("LOBULE_DATA_ROOTS", "/")
    assert may_read(Path("/etc"))


def test_without_the_setting_only_what_lobule_made_is_open(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HELD, "1")
    own = [home / "downloads", home / "slides" / "patches", home / "cases" / "manifests"]
    for folder in own:
        folder.mkdir(parents=True)
    assert list(data_roots()) == own[:1]
    assert all(may_read(folder / "x") for folder in own)
    for folder in own[1:]:  # for who was told a path in it
        with pytest.raises(DatasetError, match="outside the folders"):
            refuse_outside(folder, listed=True)
    for place in ("", "recent.json", "cases", "cases/worklist.sqlite", "models", "runs"):
        assert not may_read(home / place)


def test_kept_images_are_reached_by_manifests_of_the_worklist_only(home: Path, root: Path) -> None:
    manifests, images = home / "cases" / "manifests", home / "cases" / "images-1"
    for folder in (manifests, images):
        folder.mkdir(parents=True)
    image = images / "ab" / "x.png"
    assert image_files(manifests)(f"../images-1/ab/{image.name}").resolve() == image
    for path in ("../worklist.sqlite", "../../active.json", str(home / "active.json")):
        with pytest.raises(DatasetError, match="outside the folders"):
            image_files(manifests)(path)
    with pytest.raises(DatasetError, match="outside the folders"):
        image_files(root)(str(image))
    assert not may_read(images)
    assert not may_read(manifests / ".." / "images-1")


def test_a_refusal_tells_the_same_whether_anything_is_there(root: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("secret")
    told = []
    for name in ("there", "gone"):
        with pytest.raises(DatasetError) as refusal:
            refuse_outside(tmp_path / name)
        told.append(str(refusal.value).replace(str(tmp_path / name), "IT"))
    assert told[0] == told[1]
    assert told[0].startswith("IT lies outside the folders that data are read from")
    assert str(root) in told[0]
    assert "LOBULE_DATA_ROOTS" in told[0]


def test_a_link_that_was_changed_is_seen_when_the_image_is_opened(
    root: Path, tmp_path: Path
) -> None:
    (root / "a.png").symlink_to("b.png")
    file = image_files(root)
    assert file("a.png") == root / "a.png"
    (root / "a.png").unlink()
    (root / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DatasetError, match="outside the folders"):
        file("a.png")
