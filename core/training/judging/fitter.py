"""What can be fitted on some images and asked about others."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""Logits (V, n, K) of some rows in each of V views: first as they are, then changed."""
Fitter = Callable[[NDArray[np.int64]], Predict]
"""Fit on these rows."""
