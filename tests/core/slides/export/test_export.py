"""Exports, read back by the readers that others use."""

import csv
import io
import json
import uuid
from pathlib import Path

import highdicom as hd
import numpy as np
import openslide
import pytest
import tifffile
from pydicom import dcmread
from pypdf import PdfReader

from core.errors import SlideError
from core.slides.answering import SlideAnswer, answer_here, load_answer
from core.slides.export import FORMATS, export, report_pdf
from core.slides.export.regions import regions_of
from core.slides.in_words import share_words
from core.slides.outlines import outlines
from pages.viewer.answers import layer_of
from tests.core.slides.answering.conftest import WriteSlide
from tests.made_slides import write_dicom

PIXEL_UM = 1680 / 269  # of the map: 32 px a tile of 50, at 4 µm/px


@pytest.fixture
def made(answer: SlideAnswer, tmp_path: Path) -> dict[str, Path]:
    """Every export as a file."""
    files = {}
    for kind in FORMATS:
        name, content = export(answer.id, kind)
        assert name.startswith(answer.id)
        files[kind] = tmp_path / name
        files[kind].write_bytes(content)
    return files


def area(ring: list[list[float]]) -> float:
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def test_every_format_is_read_back_by_the_readers_of_others(
    made: dict[str, Path], answer: SlideAnswer
) -> None:
    check_geojson(json.loads(made["geojson"].read_bytes()), answer)
    check_csv(made["csv"].read_bytes(), answer)
    check_ome_tiff(made["tiff"], answer)
    check_segmentation(made["dicom-seg"], answer)
    check_map(made["dicom-map"], answer)
    check_report(made["dicom-sr"], answer)
    assert made["pdf"].read_bytes().startswith(b"%PDF-")


def check_geojson(collection: dict, answer: SlideAnswer) -> None:
    assert collection["type"] == "FeatureCollection"
    features = collection["features"]
    assert len({uuid.UUID(feature["id"]) for feature in features}) == len(features)
    kinds = [feature["properties"]["objectType"] for feature in features]
    assert kinds.count("detection") == answer.summary["tiles"]["answered"]
    outlined = tissue = 0.0
    for feature in features:
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Polygon"
        name = feature["properties"]["classification"]["name"]
        assert name in answer.classes
        assert all(isinstance(v, float) for v in feature["properties"]["measurements"].values())
        for number, ring in enumerate(feature["geometry"]["coordinates"]):
            assert ring[0] == ring[-1]
            assert len({tuple(corner) for corner in ring}) == len(ring) - 1 >= 4
            assert (area(ring) > 0) == (number == 0)
            assert all(0 <= x <= 1680 and 0 <= y <= 1200 for x, y in ring)
        if feature["properties"]["objectType"] == "annotation":
            assert name == "IDC"
            measured = feature["properties"]["measurements"]
            by_hand = sum(map(area, feature["geometry"]["coordinates"])) / 1e6
            assert measured["Area mm^2"] == pytest.approx(by_hand, rel=1e-3)
            outlined += measured["Area mm^2"]
            tissue += measured["Tissue mm^2"]
    assert tissue == pytest.approx(answer.summary["positive"]["mm2"], rel=1e-6)
    assert outlined >= tissue > 0


def test_screen_and_files_end_where_the_slide_ends(
    pretended: object,  # noqa: ARG001 - takes the network's place
    section: np.ndarray,
    write_slide: WriteSlide,
) -> None:
    tissue = section[80:960, 120:1320][:610, :1130]  # no whole number of half tiles
    answer = load_answer(answer_here(write_slide((tissue * 0.5).astype(np.uint8)), model="tiny").id)
    layer = layer_of(answer.id)
    assert (layer.rows[0], layer.rows[-1]) == (0, 610)
    assert (layer.columns[0], layer.columns[-1]) == (0, 1130)
    shown = {point for line in outlines(layer, answer.threshold) for point in line}
    features = json.loads(export(answer.id, "geojson")[1])["features"]
    annotations = [f for f in features if f["properties"]["objectType"] == "annotation"]
    corners = {
        (x, y)
        for feature in annotations
        for ring in feature["geometry"]["coordinates"]
        for x, y in ring
    }
    assert {(1130.0, 610.0), (0.0, 0.0)} <= corners
    for x, y in corners:
        assert min(abs(x - to_x) + abs(y - to_y) for to_x, to_y in shown) < 0.02


def check_csv(content: bytes, answer: SlideAnswer) -> None:
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == answer.summary["tiles"]["planned"]
    chances = answer.given.tiles.probabilities
    for row in rows:
        assert float(row["probability of IDC"]) == pytest.approx(
            chances[int(row["tile"]), 1], abs=1e-6
        )
        assert (row["state"], row["side"]) == ("answered", "200.0")
        assert float(row["x_um"]) == float(row["x"]) + 100


def check_ome_tiff(path: Path, answer: SlideAnswer) -> None:
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        levels = file.series[0].levels
        assert len(levels) > 1
        values = levels[0].asarray()
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        assert pixels["PhysicalSizeX"] == pytest.approx(PIXEL_UM)
    known = ~np.isnan(answer.map_on_tissue)
    np.testing.assert_allclose((values[known] - 1.0) / 254, answer.map_on_tissue[known], atol=0.002)
    assert (values[~known] == 0).all()
    with openslide.OpenSlide(path) as slide:
        assert slide.dimensions == values.shape[::-1]
        shown = np.asarray(slide.read_region((0, 0), 0, slide.dimensions))[..., 0]
    np.testing.assert_array_equal(shown, values)


def check_segmentation(path: Path, answer: SlideAnswer) -> None:
    dcmread(path)
    segmentation = hd.seg.segread(path)
    assert [segmentation.get_segment_description(at).segment_label for at in (1, 2)] == [
        "Tissue",
        "IDC",
    ]
    pixels = segmentation.get_total_pixel_matrix(combine_segments=False)
    np.testing.assert_array_equal(
        pixels[..., 1] > 0, np.nan_to_num(answer.map_on_tissue) >= answer.threshold
    )
    spacing = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert float(spacing[0]) == pytest.approx(PIXEL_UM / 1000, rel=0.01)
    assert "no DICOM" in segmentation.ContentDescription
    assert segmentation.PatientName == ""


def check_map(path: Path, answer: SlideAnswer) -> None:
    read = hd.imread(path)
    assert np.isnan(answer.map_on_tissue).any(), "there is glass"
    for real_world in (None, True, False):
        pixels = read.get_total_pixel_matrix(apply_real_world_transform=real_world)
        np.testing.assert_array_equal(pixels, np.nan_to_num(answer.map_on_tissue, nan=-1))
    assert read.FloatPixelPaddingValue == -1
    assert read.ContentQualification == "RESEARCH"


def check_report(path: Path, answer: SlideAnswer) -> None:
    report = hd.sr.srread(path)
    (whole,) = report.content.get_image_measurement_groups()
    measured = {item.name.meaning: item.value for item in whole.get_measurements()}
    assert measured["Tissue where IDC reaches the threshold"] == pytest.approx(
        answer.summary["positive"]["mm2"]
    )
    groups = report.content.get_planar_roi_measurement_groups()
    assert groups
    (largest, *_) = regions_of(answer)
    shares = [item.value for item in groups[0].get_measurements() if "scope" in item.name.meaning]
    assert shares == [pytest.approx(largest.out_of_scope)]
    outline = groups[0].roi.value
    x, y = outline[:, 0], outline[:, 1]
    by_hand = abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)
    area_of = {item.name.meaning: item.value for item in groups[0].get_measurements()}
    assert area_of["Area within the outline"] == pytest.approx(by_hand, rel=0.2)  # holes


def test_the_report_tells_all_on_its_first_page_and_the_rest_in_an_appendix(
    answer: SlideAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_pdf, "caution_of_map", lambda _card: "Not the tumour's edge.")
    pages = PdfReader(io.BytesIO(export(answer.id, "pdf")[1])).pages
    # pypdf puts NUL where text goes over to another font.
    first, second = (" ".join(page.extract_text().replace("\0", "").split()) for page in pages[:2])
    spots = min(len(answer.summary["hot_spots"]), 4)
    for words in (
        "The slide: ",
        share_words(answer.summary["positive"]["mm2"], answer.summary["positive"]["answered_mm2"]),
        "IDC: 0 % 100 %",
        "Not the tumour's edge.",
        f"Hot spot {spots}",
    ):
        assert words in first
    assert first.count("200 µm") + first.count("100 µm") >= 2 + spots, "scale bars"
    assert "Appendix" not in first
    assert second.startswith("Appendix: how the answer came about")
    assert "1.68 × 1.2 mm" in second


def test_what_is_no_format_or_not_finished_is_refused_in_words(answer: SlideAnswer) -> None:
    with pytest.raises(SlideError, match="There is no format 'xml'"):
        export(answer.id, "xml")


def test_objects_of_a_dicom_slide_belong_to_its_patient_and_lie_on_its_glass(
    section: np.ndarray,
    pretended: object,  # noqa: ARG001 - takes the network's place
    tmp_path: Path,
) -> None:
    levels = [section[:600, :800], section[:600:2, :800:2]]
    changes = {"PatientID": "AA01", "PatientName": "Test^Patient"}
    first, *_ = write_dicom(tmp_path / "slide", levels, um_per_px=1.0, tile=128, changes=changes)
    source = dcmread(first, stop_before_pixels=True)
    answer = load_answer(answer_here(tmp_path / "slide", model="tiny").id)
    assert answer.plan.slide["width"] == 800
    for kind in ("dicom-seg", "dicom-map", "dicom-sr"):
        made = dcmread(io.BytesIO(export(answer.id, kind)[1]))
        assert (made.PatientID, made.PatientName) == ("AA01", "Test^Patient")
        assert made.StudyInstanceUID == source.StudyInstanceUID
        assert made.SeriesInstanceUID != source.SeriesInstanceUID
    made = hd.imread(io.BytesIO(export(answer.id, "dicom-map")[1]))
    assert made.FrameOfReferenceUID == source.FrameOfReferenceUID
    # The corner between the first four pixels of the slide lies where it lies on the map.
    of_slide = hd.spatial.PixelToReferenceTransformer.for_image(source, for_total_pixel_matrix=True)
    of_map = hd.spatial.PixelToReferenceTransformer.for_image(made, for_total_pixel_matrix=True)
    step = 800 / answer.map_on_tissue.shape[1]
    np.testing.assert_allclose(
        of_map(np.array([[10, 20]])),
        of_slide(
            np.array([[10.5 * step - 0.5, 20.5 * 600 / answer.map_on_tissue.shape[0] - 0.5]])
            .round()
            .astype(int)
        ),
        atol=0.0006,
    )


def test_a_dicom_slide_that_is_gone_or_lacks_its_place_on_the_glass_is_told_of(
    section: np.ndarray,
    pretended: object,  # noqa: ARG001 - takes the network's place
    tmp_path: Path,
) -> None:
    (first,) = write_dicom(tmp_path / "slide", [section[:600, :800]], um_per_px=1.0, tile=128)
    answer = answer_here(tmp_path / "slide", model="tiny").id
    dataset = dcmread(first)
    del dataset.TotalPixelMatrixOriginSequence
    dataset.save_as(first, enforce_file_format=True)
    with pytest.raises(SlideError, match="does not say what DICOM objects of it must refer to"):
        export(answer, "dicom-seg")
    first.unlink()
    with pytest.raises(SlideError, match="no DICOM whole slide"):
        export(answer, "dicom-sr")
    first.parent.rmdir()
    with pytest.raises(SlideError, match="slide"):
        export(answer, "dicom-map")
    assert export(answer, "pdf")[1].startswith(b"%PDF")
