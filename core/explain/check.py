"""The randomisation test of explanations (Adebayo et al. 2018, "Sanity checks for saliency maps").

A map that is about what a network learnt must change when what it learnt is lost. So weights are
drawn anew from the last layer down, and maps before and after are compared.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.stats import spearmanr

from core.errors import PackageError
from core.explain.methods.catalogue import methods_for
from core.explain.methods.network import Cancelled, Network, copy_of
from core.explain.methods.on_encoder import EncoderNetwork
from core.explain.methods.run import FUNCTIONS, Method
from core.inference.classifier import Classifier
from core.registry.card_parts import ExplanationCheck, MapChange, Randomisation

Progress = Callable[[str, float], None]

# A rank correlation of 0.7 is half of the variance of the ranks (0.7² = 0.49). From there on, more
# than half of where a map is warm follows from the picture and the wiring of the network, and less
# than half can be owed to training. The authors give curves and no threshold.
THRESHOLD = 0.7
# One random network may resemble the trained one by chance.
DRAWS = 3
_SHARES = (0.5, 1.0)
# Of the structural similarity, as its authors have them.
_WINDOW, _SPREAD = 11, 1.5  # px
_LIGHT, _CONTRAST = 0.01**2, 0.03**2


def check_explanations(
    classifier: Classifier,
    inputs: NDArray[np.uint8],
    images_of: str,
    progress: Progress = lambda *_: None,
    cancelled: Cancelled = lambda: False,
) -> Randomisation:
    """Test every method on a package.

    Parameters
    ----------
    classifier
        The package's; its own network is left alone.
    inputs
        (N, H, W, 3) RGB uint8 of the card's size.
    images_of
        What they are, in words for the card.
    progress
        Told what is being done and the share done.
    cancelled
        Asked now and then whether to stop.

    Raises
    ------
    PackageError
        If the package is an ensemble.
    Stopped
        If `cancelled` gave True.
    """
    card = classifier.card
    if classifier.members:
        names = ", ".join(member.card.name for member in classifier.members)
        raise PackageError(
            f"{card.name!r} is an ensemble without weights of its own. Check its members: {names}."
        )
    network = copy_of(classifier)
    ready = classifier.prepare(inputs)
    functions: dict[str, Method] = {
        name: FUNCTIONS[name] for name in methods_for(classifier.package)
    }
    methods = check_methods(network, card.heatmap_layer, ready, functions, progress, cancelled)
    return Randomisation(
        threshold=THRESHOLD,
        layer=card.heatmap_layer,
        layers=network.learnt,
        images=len(inputs),
        images_of=images_of,
        methods=methods,
    )


def check_methods(
    network: Network | EncoderNetwork,
    layer: str,
    inputs: NDArray[np.uint8],
    methods: Mapping[str, Method],
    progress: Progress = lambda *_: None,
    cancelled: Cancelled = lambda: False,
) -> tuple[ExplanationCheck, ...]:
    """Test some methods on a network, which has its weights back afterwards.

    Each image is explained for the class that the trained network gives it.
    """
    classes = [int(network.scores(pixels[np.newaxis])[0].argmax()) for pixels in inputs]
    layers = network.learnt
    stops = sorted({1, *(max(1, round(share * layers)) for share in _SHARES)})
    rounds = 1 + len(stops) + DRAWS - 1  # the trained network, the cascade, the other draws

    def maps_of_all(number: int) -> dict[str, list[NDArray[np.float32]]]:
        maps_by_method: dict[str, list[NDArray[np.float32]]] = {name: [] for name in methods}
        for order, (name, method) in enumerate(methods.items()):
            for done, (pixels, index) in enumerate(zip(inputs, classes, strict=True)):
                share = (number + (order + done / len(inputs)) / len(methods)) / rounds
                progress("Comparing maps of trained and of random weights", share)
                maps = method(network, layer, pixels[np.newaxis], index, lambda _: None, cancelled)
                maps_by_method[name].append(maps[0])
        return maps_by_method

    before = maps_of_all(0)
    draws: list[list[dict[str, MapChange]]] = [[] for _ in range(DRAWS)]
    try:
        for draw, steps in enumerate(draws):
            network.restore()
            generator = np.random.default_rng(draw)
            pauses = stops if draw == 0 else stops[-1:]
            for stop in network.cascade(pauses, inputs, generator):
                after = maps_of_all(1 + sum(map(len, draws)))
                steps.append({name: _change(before[name], after[name], stop) for name in methods})
    finally:
        network.restore()
    return tuple(
        _judge(name, [[step[name] for step in steps] for steps in draws]) for name in methods
    )


def _judge(name: str, draws: list[list[MapChange]]) -> ExplanationCheck:
    """Judge a method by its maps under all weights random, the last step of each draw."""
    by_draw = tuple(steps[-1].correlation for steps in draws)
    mean = _rounded(np.mean(by_draw))
    return ExplanationCheck(
        method=name,
        unchanged=mean >= THRESHOLD,
        correlation=mean,
        by_draw=by_draw,
        cascade=tuple(draws[0]),
    )


def _change(
    before: list[NDArray[np.float32]], after: list[NDArray[np.float32]], layers: int
) -> MapChange:
    """Compare maps, the mean over the images that the trained network shows anything on.

    A method that shows nothing on any image does not depend on the weights either.
    """
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if np.ptp(old) > 0]
    if not pairs:
        return MapChange(layers=layers, correlation=1.0, similarity=1.0)
    return MapChange(
        layers=layers,
        correlation=_rounded(np.mean([rank_correlation(*pair) for pair in pairs])),
        similarity=_rounded(np.mean([structural_similarity(*pair) for pair in pairs])),
    )


def rank_correlation(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Spearman's rank correlation of two maps; 0 where only one of them shows anything."""
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return float(np.ptp(before) == np.ptp(after))
    return float(spearmanr(before.ravel(), after.ravel()).statistic)


def structural_similarity(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Structural similarity (Wang et al. 2004) of two maps in [0, 1]."""
    length = min(_WINDOW, *before.shape)
    away = np.arange(length) - (length - 1) / 2
    weights = np.exp(-(away**2) / (2 * _SPREAD**2))
    weights /= weights.sum()

    def seen(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted means over the windows that lie within the map."""
        return (
            sliding_window_view(sliding_window_view(values, length, 0) @ weights, length, 1)
            @ weights
        )

    first, two = before.astype(np.float64), after.astype(np.float64)
    means, squares = seen(first) * seen(two), seen(first) ** 2 + seen(two) ** 2
    spread = seen(first**2 + two**2) - squares
    common = seen(first * two) - means
    light = (2 * means + _LIGHT) / (squares + _LIGHT)
    return float(np.mean(light * (2 * common + _CONTRAST) / (spread + _CONTRAST)))


def _rounded(value: np.floating | float) -> float:
    return round(float(np.clip(value, -1, 1)), 4)
