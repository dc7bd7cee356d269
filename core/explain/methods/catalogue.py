"""Which explanations there are, and in plain words what each shows and what it does not."""

from dataclasses import dataclass
from typing import Literal

MethodName = Literal["gradcam", "gradcam++", "layercam", "scorecam", "smoothgrad", "occlusion"]


@dataclass(frozen=True, slots=True)
class Words:
    """A method for people.

    Attributes
    ----------
    title
        What it is called.
    shows, does_not_show
        Sentences for somebody who reads tissue, not networks.
    source
        The paper.
    slow
        Whether it takes hundreds of passes through the network.
    """

    title: str
    shows: str
    does_not_show: str
    source: str
    slow: bool

    @property
    def tooltip(self) -> str:
        """All of it, for a tooltip."""
        return f"{self.shows} {self.does_not_show} ({self.source}.)"


METHODS: dict[MethodName, Words] = {
    "gradcam": Words(
        "Grad-CAM",
        "Shows where the layer's features lie that speak for the class; each feature counts by "
        "how much it moves the class's score on the whole.",
        "Does not show what speaks against the class, nor anything finer than the layer's grid, "
        "and is no outline of a lesion.",
        "Selvaraju et al. 2017",
        slow=False,
    ),
    "gradcam++": Words(
        "Grad-CAM++",
        "Shows the same as Grad-CAM, but gives several separate places that speak for the class "
        "more equal weight.",
        "Does not show which of these places counted most, nor what speaks against the class.",
        "Chattopadhyay et al. 2018",
        slow=False,
    ),
    "layercam": Words(
        "LayerCAM",
        "Shows place by place where a small increase of the layer's features would raise the "
        "class's score.",
        "Does not show how much each place contributed in all: it looks at each place alone. Where "
        "the network only averages the layer before it answers, it is the same as Grad-CAM++.",
        "Jiang et al. 2021",
        slow=False,
    ),
    "scorecam": Words(
        "Score-CAM",
        "Shows features of the layer (at most 256, those that vary most), each counted by how "
        "probable the class is when only the places that it marks stay visible.",
        "Does not set apart what speaks against the class: other features count too, only less. "
        "Where the network is sure whatever is covered, all count alike, and the map only says "
        "where the tissue has structure.",
        "Wang et al. 2020",
        slow=True,
    ),
    "smoothgrad": Words(
        "SmoothGrad",
        "Shows pixels whose slightest change would change the class's score most, as a mean over "
        "noisy copies of the image.",
        "Does not show whether a pixel speaks for or against the class, nor what would happen if a "
        "structure were missing; it likes edges.",
        "Smilkov et al. 2017",
        slow=True,
    ),
    "occlusion": Words(
        "Occlusion",
        "Shows where the class becomes less probable when a small square is covered with the "
        "image's mean colour. It looks at the answer only, not into the network.",
        "Does not show what acts only together with its surroundings, nor anything smaller than "
        "the square; the covered image is one that the network never saw.",
        "Zeiler & Fergus 2014",
        slow=True,
    ),
}
