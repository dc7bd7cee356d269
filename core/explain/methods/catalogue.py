"""Which explanations there are, and in plain words what each shows and what it does not."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from core.registry.card import Card
from core.registry.card_parts import PLACES
from core.registry.package import Package

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


# Without gradients, of networks that tell what each place gave, and of those that do not.
_OF_PLACES: tuple[MethodName, ...] = ("gradcam", "scorecam", "occlusion")
_OF_THE_WHOLE: tuple[MethodName, ...] = ("occlusion",)
METHODS: dict[MethodName, Words] = {
    "gradcam": Words(
        "Grad-CAM",
        "Shows where the layer's features for the class lie, each weighted by how much it "
        "moves the class's score overall.",
        "Does not show what speaks against the class, or anything finer than the layer's "
        "grid, and does not outline a lesion.",
        "Selvaraju et al. 2017",
        slow=False,
    ),
    "gradcam++": Words(
        "Grad-CAM++",
        "Shows the same as Grad-CAM, but weights several separate places more equally.",
        "Does not show which place counted most, or what speaks against the class.",
        "Chattopadhyay et al. 2018",
        slow=False,
    ),
    "layercam": Words(
        "LayerCAM",
        "Shows, place by place, where slightly stronger features would raise the class's score.",
        "Does not show how much each place contributed overall. If the network only averages "
        "the layer before answering, it equals Grad-CAM++.",
        "Jiang et al. 2021",
        slow=False,
    ),
    "scorecam": Words(
        "Score-CAM",
        "Shows features of the layer (the 256 that vary most), each weighted by how probable "
        "the class is when only the places it marks stay visible.",
        "Does not separate what speaks against the class. If the network is sure whatever is "
        "covered, the map only shows where the tissue has structure.",
        "Wang et al. 2020",
        slow=True,
    ),
    "smoothgrad": Words(
        "SmoothGrad",
        "Shows the pixels whose slightest change would change the class's score most, "
        "averaged over noisy copies of the image.",
        "Does not show whether a pixel speaks for or against the class, or what would happen "
        "without a structure; it favours edges.",
        "Smilkov et al. 2017",
        slow=True,
    ),
    "occlusion": Words(
        "Occlusion",
        "Shows where the class becomes less probable when a small square is covered with the "
        "image's mean colour.",
        "Does not show what acts only together with its surroundings, or anything smaller "
        "than the square; the network never saw such covered images.",
        "Zeiler & Fergus 2014",
        slow=True,
    ),
}


def methods_for(package: Package) -> dict[MethodName, Words]:
    """The explanations that a model can give: all, but for what rests on an encoder.

    Of an ensemble those that every member can give.
    """
    able = [_of_one(each.card) for each in package.members or (package,)]
    return {name: words for name, words in METHODS.items() if all(name in each for each in able)}


def _of_one(card: Card) -> Container[str]:
    if card.encoder is None:
        return METHODS
    return _OF_PLACES if card.heatmap_layer == PLACES else _OF_THE_WHOLE
