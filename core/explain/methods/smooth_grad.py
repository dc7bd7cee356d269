"""SmoothGrad (Smilkov et al. 2017, arXiv:1706.03825): tf-keras-vis's saliency over noisy copies."""

import numpy as np
from numpy.typing import NDArray

from core.explain.gradcam import normalise
from core.explain.methods.network import Cancelled, Network, ShareDone, stop_if

SAMPLES = 32
# Of the input's range of values; the authors recommend 0.1 to 0.2.
NOISE = 0.15


def smooth_grad(
    network: Network,
    layer: str,  # noqa: ARG001 - the signature of every method; saliency is of the pixels
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """Size of the gradient of the class's logit by the pixels, the mean over noisy copies.

    The same input always gets the same noise, so that the same map comes out again.
    """
    import keras  # noqa: PLC0415 - loads TensorFlow
    from tf_keras_vis.saliency import Saliency  # noqa: PLC0415

    stop_if(cancelled)
    # tf-keras-vis hands over a list of inputs, which Keras wants to be told of.
    saliency = Saliency(keras.Model([network.model.input], network.model.output))
    score = network.score_of(class_index)
    # Gradients by the pixels keep every activation: fewer at once than for an answer.
    at_once = max(1, min(SAMPLES, network.batch // 4))
    maps = []
    for number, pixels in enumerate(inputs.astype(np.float32)):
        generator = np.random.default_rng(0)
        sigma = NOISE * float(np.ptp(pixels))
        total = np.zeros(pixels.shape, np.float32)
        for start in range(0, SAMPLES, at_once):
            stop_if(cancelled)
            copies = min(at_once, SAMPLES - start)
            noise = generator.normal(0, sigma, (copies, *pixels.shape)).astype(np.float32)
            gradients = saliency(score, pixels + noise, keepdims=True, normalize_map=False)
            total += np.asarray(gradients).sum(axis=0)
            progress((number + (start + copies) / SAMPLES) / len(inputs))
        maps.append(total.max(axis=-1))
    return normalise(np.stack(maps))
