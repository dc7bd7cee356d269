import numpy as np
import plotly.graph_objects as go
import pytest

from core.plots.side_by_side import scale_bar_length, side_by_side


def draw(values: np.ndarray, **changes: object) -> go.Figure:
    settings: dict = {
        "colour_scale": [(0.0, "rgb(0,0,0)"), (1.0, "rgb(255,255,255)")],
        "value_name": "heat",
        "ends": ("low", "high"),
        "smooth": True,
        "um_per_px": 0.5,
    }
    return side_by_side("data:,", 400, 600, values, **(settings | changes))


def test_both_panels_share_one_zoom_over_the_same_pixels() -> None:
    layout = draw(np.zeros((4, 6))).layout
    assert [image["xref"] for image in layout["images"]] == ["x", "x2"]
    assert {(image["sizex"], image["sizey"]) for image in layout["images"]} == {(600, 400)}
    for axis in ("xaxis", "xaxis2"):
        assert layout[axis]["matches"] == "x"
        assert list(layout[axis]["range"]) == [0, 600]
    for axis in ("yaxis", "yaxis2"):
        assert layout[axis]["matches"] == "y"
        assert list(layout[axis]["range"]) == [400, 0]  # downwards, as images run
    assert layout["yaxis"]["scaleanchor"] == "x"


def test_cut_there_is_one_panel_with_the_map_right_of_the_cut() -> None:
    figure = draw(np.ones((4, 8)), cut=0.25)
    assert [image["xref"] for image in figure.layout["images"]] == ["x"]
    heat = figure.data[1]
    assert (heat["xaxis"], heat["yaxis"]) == ("x", "y")
    assert np.isnan(heat["z"][:, :2]).all()
    assert (heat["z"][:, 2:] == 1).all()
    assert figure.layout["shapes"][0]["x0"] == 150


def test_a_line_goes_round_what_reaches_the_level() -> None:
    lines = draw(np.zeros((4, 6)), level=0.4).data[2:]
    assert [line["type"] for line in lines] == ["contour", "contour"]
    assert {(line["contours"]["start"], line["contours"]["end"]) for line in lines} == {(0.4, 0.4)}
    assert {line["xaxis"] for line in lines} == {"x2"}
    assert len(draw(np.zeros((4, 6))).data) == 2


@pytest.mark.parametrize("shape", [(4, 6), (400, 600), (1000, 1500)])
def test_the_map_covers_the_image_whatever_its_own_size(shape: tuple[int, int]) -> None:
    trace = draw(np.random.default_rng(0).random(shape)).data[1]
    rows, columns = trace["z"].shape
    assert max(rows, columns) <= 256
    assert trace["x0"] - trace["dx"] / 2 == pytest.approx(0)
    assert trace["y0"] - trace["dy"] / 2 == pytest.approx(0)
    assert columns * trace["dx"] == pytest.approx(600)
    assert rows * trace["dy"] == pytest.approx(400)


def test_places_without_a_value_stay_clear() -> None:
    values = np.array([[0.2, np.nan], [0.4, 1.0]])
    trace = draw(values).data[1]
    np.testing.assert_array_equal(np.isnan(trace["z"]), np.isnan(values))
    assert (trace["zmin"], trace["zmax"]) == (0, 1)


@pytest.mark.parametrize(
    ("width", "um_per_px", "length"),
    [(600, 0.5, 50), (900, 4, 500), (50, 4, 50), (700, 0.05, 5), (40000, 0.25, 2000)],
)
def test_scale_bar_is_round_and_under_a_quarter(
    width: int, um_per_px: float, length: float
) -> None:
    assert scale_bar_length(width, um_per_px) == pytest.approx(length)


def test_scale_bar_is_as_long_as_it_says_and_absent_without_a_scale() -> None:
    layout = draw(np.zeros((4, 6))).layout
    assert layout["annotations"][0]["text"] == "50 µm"
    assert {shape["x1"] - shape["x0"] for shape in layout["shapes"]} == {100}
    assert not draw(np.zeros((4, 6)), um_per_px=None).layout.shapes
