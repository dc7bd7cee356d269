from core.plots.curves import Curve, curves

TRAINING = Curve("training", "#2f83bd", "circle", [1, 2, 3], [0.9, 0.8, 0.7], dashed=True)
VALIDATION = Curve("validation", "#d55e00", "triangle-up", [1, 2, 3], [0.9, None, 0.75])


def test_lines_hold_the_values_and_differ_in_more_than_colour() -> None:
    figure = curves([TRAINING, VALIDATION], "Loss")
    assert [list(line.y) for line in figure.data] == [[0.9, 0.8, 0.7], [0.9, None, 0.75]]
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol
    assert figure.layout.yaxis.title.text == "Loss"


def test_marks_stand_where_they_were_said_to() -> None:
    figure = curves([TRAINING], "AUROC", kept_epoch=2, phase=3, chance=0.5)
    lines = {(shape.x0, shape.y0) for shape in figure.layout.shapes}
    assert {place for place, _ in lines} >= {2, 2.5}
    assert 0.5 in {height for _, height in lines}
    assert {note.text for note in figure.layout.annotations} == {"kept", "fine-tuning from here"}


def test_one_epoch_is_seen() -> None:
    figure = curves([Curve("a", "#000000", "circle", [1], [0.5])], "Accuracy", most=1.0)
    assert "markers" in figure.data[0].mode
    assert list(figure.layout.xaxis.range) == [0.5, 1.5]
    assert figure.layout.yaxis.maxallowed > 1


def test_no_lines_are_an_empty_figure() -> None:
    assert not curves([], "Loss").data
