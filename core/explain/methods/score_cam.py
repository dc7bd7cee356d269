"""Score-CAM (Wang et al. 2020, doi:10.1109/CVPRW50498.2020.00020), a batch of channels at a time.

The same as tf-keras-vis's `Scorecam` but for two things: that one holds every masked copy of the
input in memory at once (several GB for 2048 channels), and of a sigmoid head it takes the softmax
of one number, which is 1 whatever the class. Of layers with very many channels those that vary
most are taken, as its `max_N` does ("Faster Score-CAM").
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from core.explain.methods.network import Cancelled, Network, ShareDone, full_size, stop_if

MOST_CHANNELS = 256


def score_cam(
    network: Network,
    layer: str,
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """Features of the layer, weighted by the class's probability where only they stay visible.

    What a feature does not mark fades to the input's mean colour: to black, as published, would be
    an ink that no stained tissue has.
    """
    maps = []
    for number, pixels in enumerate(inputs):

        def progress_of_all(share: float, done: int = number) -> None:
            progress((done + share) / len(inputs))

        fill = pixels.reshape(-1, 3).mean(axis=0)
        maps.append(raw_map(network, layer, pixels, class_index, fill, progress_of_all, cancelled))
    return full_size(np.stack(maps), *inputs.shape[1:3])


def raw_map(
    network: Network,
    layer: str,
    pixels: NDArray[np.uint8],
    class_index: int,
    fill: NDArray[np.floating],
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """Return the (h, w) map of one input (H, W, 3) at the layer's resolution, 0 or above."""
    stop_if(cancelled)
    features = network.features(layer, pixels[np.newaxis])[0]
    spread = features.std(axis=(0, 1))
    features = features[..., np.argsort(-spread, kind="stable")[:MOST_CHANNELS]]
    height, width, channels = *pixels.shape[:2], features.shape[-1]
    image = pixels.astype(np.float32) - fill.astype(np.float32)
    weights = np.empty(channels, np.float32)
    for start in range(0, channels, network.batch):
        stop_if(cancelled)
        part = features[..., start : start + network.batch]
        masks = np.stack(
            [cv2.resize(part[..., channel], (width, height)) for channel in range(part.shape[-1])]
        )
        low = masks.min(axis=(1, 2), keepdims=True)
        masks = (masks - low) / (masks.max(axis=(1, 2), keepdims=True) - low + 1e-7)
        scores = network.scores(image * masks[..., np.newaxis] + fill)
        weights[start : start + len(masks)] = softmax(scores, axis=1)[:, class_index]
        progress((start + len(masks)) / channels)
    return np.maximum(features @ weights, 0)
