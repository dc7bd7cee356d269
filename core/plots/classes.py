"""How many images and patients each class has, as bars beside each other."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots.counts import PATTERNS, shortened
from core.plots.frame import framed

ROW_PIXELS, MARGIN_PIXELS = 36, 24


def class_bars(
    classes: Sequence[str],
    colours: Sequence[str],
    images: Sequence[int],
    patients: Sequence[int] | None,
) -> go.Figure:
    """Draw a bar of images and one of patients for each class, each with its number.

    Parameters
    ----------
    classes
        Names, the first on top.
    colours
        CSS colour of each class; classes differ in pattern too.
    images, patients
        Of each class. Patients may be unknown; one with images of two classes counts in both.
    """
    kinds = [("images", images), *([("patients", patients)] if patients is not None else [])]
    figure = make_subplots(
        rows=1,
        cols=len(kinds),
        shared_yaxes=True,
        horizontal_spacing=0.06,
        subplot_titles=[kind for kind, _ in kinds],
    )
    places = list(range(len(classes)))
    patterns = [PATTERNS[place % len(PATTERNS)] for place in places]
    for column, (kind, counts) in enumerate(kinds, start=1):
        figure.add_trace(
            go.Bar(
                x=list(counts),
                y=places,
                orientation="h",
                name=kind,
                marker={
                    "color": list(colours),
                    "line": {"width": 0},
                    "pattern": {"shape": patterns, "fillmode": "overlay"},
                },
                text=[f"{count:,}" for count in counts],
                textposition="outside",
                cliponaxis=False,
                customdata=list(classes),
                hovertemplate=f"%{{customdata}}: %{{x:,}} {kind}<extra></extra>",
            ),
            row=1,
            col=column,
        )
        # Room for the number behind the longest bar.
        figure.update_xaxes(range=[0, 1.25 * max([*counts, 1])], row=1, col=column)
    framed(figure, ROW_PIXELS * len(classes) + MARGIN_PIXELS, legend_rows=0)
    figure.update_layout(margin_t=MARGIN_PIXELS, bargap=0.3)
    figure.update_annotations(font_size=13)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(
        autorange="reversed",
        tickvals=places,
        ticktext=[shortened(name) for name in classes],
        automargin=True,
        showgrid=False,
    )
    return figure
