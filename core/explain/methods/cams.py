"""Class activation maps: Grad-CAM in one pass, Grad-CAM++ and LayerCAM by tf-keras-vis."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.methods.network import Cancelled, Network, ShareDone, full_size, stop_if


def grad_cam(
    network: Network,
    layer: str,
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """Grad-CAM (Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74), by our own one pass."""
    stop_if(cancelled)
    _, heatmaps = network.gradcam(layer)(inputs, class_index)
    progress(1.0)
    return full_size(heatmaps, *inputs.shape[1:3])


def grad_cam_plus_plus(
    network: Network,
    layer: str,
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """Grad-CAM++ (Chattopadhyay et al. 2018, doi:10.1109/WACV.2018.00097)."""
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus  # noqa: PLC0415 - loads TensorFlow

    return _published(GradcamPlusPlus, network, layer, inputs, class_index, progress, cancelled)


def layer_cam(
    network: Network,
    layer: str,
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    """LayerCAM (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943)."""
    from tf_keras_vis.layercam import Layercam  # noqa: PLC0415 - loads TensorFlow

    return _published(Layercam, network, layer, inputs, class_index, progress, cancelled)


def _published(
    kind: Any,
    network: Network,
    layer: str,
    inputs: NDArray[np.uint8],
    class_index: int,
    progress: ShareDone,
    cancelled: Cancelled,
) -> NDArray[np.float32]:
    import tensorflow as tf  # noqa: PLC0415

    logit = network.score_of(class_index)

    def score(outputs: Any) -> Any:
        # Grad-CAM++ multiplies by the exponential of the score, which over- or underflows for large
        # logits; it only scales the map, so the score is given with the same slope and value 0.
        values = logit(outputs)
        return values - tf.stop_gradient(values)

    stop_if(cancelled)
    method = kind(network.model)
    maps = []
    for start in range(0, len(inputs), network.batch):
        stop_if(cancelled)
        part = inputs[start : start + network.batch].astype(np.float32)
        heatmaps = method(
            score,
            part,
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        maps.append(np.asarray(heatmaps, np.float32))
        progress((start + len(part)) / len(inputs))
    return full_size(np.concatenate(maps), *inputs.shape[1:3])
