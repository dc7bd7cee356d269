"""AUROC after each epoch, gathered batch by batch on the device."""

from typing import Any

import keras
from keras import ops

# Keras's 200 are too few for a network that has hardly begun: all its answers lie close together.
_THRESHOLDS = 1000


class Auroc(keras.metrics.AUC):
    """AUROC of class 1 for two classes; of each class against the others, averaged, for more.

    Classes that have no image, or all of them, do not count; NaN if that leaves none. It is
    approximate, by the trapezoids between evenly spaced thresholds.

    Parameters
    ----------
    outputs : int
        Of the network: 1 for a sigmoid, else the number of classes.
    """

    def __init__(self, outputs: int) -> None:
        self._first = 1 if outputs == 2 else 0  # noqa: PLR2004 (two classes tell the same twice)
        super().__init__(
            _THRESHOLDS, name="auroc", multi_label=True, num_labels=outputs - self._first
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: targets and probabilities, both (N, outputs)."""
        super().update_state(y_true[:, self._first :], y_pred[:, self._first :], sample_weight)

    def result(self) -> Any:
        """The AUROC of all that was taken in."""
        positives = self.true_positives[0] + self.false_negatives[0]
        negatives = self.false_positives[0] + self.true_negatives[0]
        sensitivity = ops.divide_no_nan(self.true_positives, positives)
        false_alarms = ops.divide_no_nan(self.false_positives, negatives)
        widths = false_alarms[:-1] - false_alarms[1:]
        areas = ops.sum(widths * (sensitivity[:-1] + sensitivity[1:]) / 2, axis=0)
        told = ops.cast((positives > 0) & (negatives > 0), areas.dtype)
        return ops.sum(areas * told) / ops.sum(told)
