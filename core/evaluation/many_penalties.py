"""Two-class logistic regression under several penalties at once, on parts of the rows.

What nested cross-validation asks of thousands of features: scikit-learn would fit each penalty of
each part by itself, and each fit would read all features hundreds of times. Here every pass over
them serves all penalties, and one rotation of all rows, which decides nothing, makes passes few.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_STEPS, _INNER = 50, 25
_CLOSE = 1e-6  # largest slope of the mean loss
_RESIDUAL = 0.05  # of the slope, that a step leaves
_HALVINGS = 12
_NONE = 1e-9  # variance

Columns = NDArray[np.float64]


class ManyPenalties:
    """Features turned so that they hardly depend on each other; fits are those of `fit_probe`.

    Truncated Newton's method (Nash 2000, J. Comput. Appl. Math. 124:45-59): conjugate gradients,
    scaled by the variance along each turned feature, find each step.

    Parameters
    ----------
    features : float array, shape (N, F)
    """

    def __init__(self, features: NDArray[np.floating]) -> None:
        single = np.asarray(features, np.float32)
        self._mean = single.mean(axis=0, dtype=np.float64)
        standard = single - self._mean.astype(np.float32)
        deviation = np.sqrt(
            np.einsum("ij,ij->j", standard, standard, dtype=np.float64) / len(single)
        )
        self._deviation = np.where(deviation > 0, deviation, 1.0)
        standard /= self._deviation.astype(np.float32)
        self._standard = standard
        spread, turn = np.linalg.eigh(
            (standard.T @ standard).astype(np.float64) / max(1, len(standard))
        )
        self._spread, self._turn = np.maximum(spread, 0), turn
        self._turned = standard @ turn.astype(np.float32)

    def fit(
        self,
        rows: NDArray[np.int64],
        labels: NDArray[np.int64],
        weights: NDArray[np.floating],
        penalties: Sequence[float],
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Kernel (F, 2) and bias (2,) under each penalty, as `core.evaluation.probe.fit_probe`.

        Parameters
        ----------
        rows : int64 array, shape (n,)
        labels : int64 array, shape (n,), in 0, 1
        weights : float array, shape (n,)
        penalties : sequence of float
        """
        if len(rows) <= self._turned.shape[1]:
            return self._fit_few(rows, labels, weights, penalties)
        variance = self._variance(rows, weights)
        problem = _Problem(
            self._turned[rows], self._turn, variance, self._spread, labels, weights, penalties
        )
        slopes, bias = problem.solve()
        return self._maps(self._turn @ slopes, bias)

    def _fit_few(
        self,
        rows: NDArray[np.int64],
        labels: NDArray[np.int64],
        weights: NDArray[np.floating],
        penalties: Sequence[float],
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """No more rows than features: exactly the same in as many directions as there are rows."""
        standard = self._standard[rows].astype(np.float64)
        share = weights / weights.sum()
        centre = share @ standard
        standard -= centre
        spread = np.sqrt(share @ standard**2)
        standard /= np.where(spread > _NONE, spread, np.inf)
        sizes, turn = np.linalg.eigh(standard @ standard.T)
        needed = sizes > _NONE * max(float(sizes[-1]), _NONE)
        sizes, turn = sizes[needed], turn[:, needed]
        problem = _Problem(
            (turn * np.sqrt(sizes)).astype(np.float32),
            None,
            None,
            sizes / len(rows),
            labels,
            weights,
            penalties,
        )
        slopes, bias = problem.solve()
        ours = standard.T @ (turn @ (slopes / np.sqrt(sizes)[:, None]))
        ours /= np.where(spread > _NONE, spread, np.inf)[:, None]
        return self._maps(ours, bias - centre @ ours)

    def _maps(
        self, slopes: Columns, bias: Columns
    ) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Of slopes on features standardised over all rows."""
        kernel = slopes / self._deviation[:, None]
        bias = bias - self._mean @ kernel
        return [
            (np.stack([np.zeros(len(kernel)), column], axis=1), np.array([0.0, shift]))
            for column, shift in zip(kernel.T, bias, strict=True)
        ]

    def _variance(
        self, rows: NDArray[np.int64], weights: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Of each feature among some rows, of that among all."""
        share = np.zeros(len(self._standard), np.float32)
        np.add.at(share, rows, (weights / weights.sum()).astype(np.float32))
        mean = (share @ self._standard).astype(np.float64)
        squares = np.einsum(
            "i,ij,ij->j", share, self._standard, self._standard, dtype=np.float64, casting="safe"
        )
        variance = squares - mean**2
        # A feature that is the same in all these rows is left out: any penalty does, since the bias
        # can have no weight of it.
        return np.where(variance > _NONE, variance, 1.0)


class _Problem:
    """One part of the rows; slopes (F, P) and biases (P,) of P penalties, each by itself."""

    def __init__(
        self,
        turned: NDArray[np.float32],
        turn: NDArray[np.float64] | None,
        variance: NDArray[np.float64] | None,
        spread: NDArray[np.float64],
        labels: NDArray[np.int64],
        weights: NDArray[np.floating],
        penalties: Sequence[float],
    ) -> None:
        """Slopes are penalised on features as these rows standardise them.

        That is after turning them back, by their `variance`; or, without a turn, as they are.
        """
        self._turned, self._turn, self._variance = turned, turn, variance
        self._labels = labels[:, None].astype(np.float32)
        self._weights = (weights / weights.sum())[:, None].astype(np.float32)
        self._penalties = np.asarray(penalties)
        scale = np.maximum(spread, 1e-12)[:, None] / 4 + self._penalties
        self._scale = np.vstack([scale, np.full((1, len(self._penalties)), 0.25)])

    def solve(self) -> tuple[Columns, Columns]:
        values = np.zeros((self._turned.shape[1] + 1, len(self._penalties)))
        logits = self._logits(values)
        loss = self._loss(values, logits)
        for _ in range(_STEPS):
            chances = _sigmoid(logits)
            slope = self._back(self._weights * (chances - self._labels)) + self._pull(values)
            if np.abs(slope).max() <= _CLOSE:
                break
            step = self._step(slope, self._weights * chances * (1 - chances))
            values, logits, loss, moved = self._halved(values, logits, loss, step)
            if not moved:
                break
        return values[:-1], values[-1]

    def _step(self, slope: Columns, bend: NDArray[np.float32]) -> Columns:
        """Conjugate gradients, every penalty's by itself."""
        step, left = np.zeros_like(slope), -slope
        enough = _RESIDUAL**2 * (slope**2).sum(axis=0)
        scaled = left / self._scale
        way, product = scaled, (left * scaled).sum(axis=0)
        for _ in range(_INNER):
            bent = self._back(bend * self._logits(way)) + self._pull(way)
            along = product / np.maximum((way * bent).sum(axis=0), 1e-300)
            along = np.where((left**2).sum(axis=0) > enough, along, 0)
            step, left = step + along * way, left - along * bent
            if not ((left**2).sum(axis=0) > enough).any():
                break
            scaled = left / self._scale
            next_product = (left * scaled).sum(axis=0)
            way = scaled + next_product / np.maximum(product, 1e-300) * way
            product = next_product
        return step

    def _halved(
        self, values: Columns, logits: NDArray[np.float32], loss: Columns, step: Columns
    ) -> tuple[Columns, NDArray[np.float32], Columns, bool]:
        """Go so far that no penalty's loss rises; one that cannot fall stays."""
        far, ahead = np.ones(len(loss)), self._logits(step)
        for _ in range(_HALVINGS):
            moved = values + far * step
            seen = logits + (far * ahead).astype(np.float32)
            new = self._loss(moved, seen)
            worse = ~(new <= loss + 1e-9)
            if not worse.any():
                break
            far = np.where(worse, far / 2, far)
        else:
            far = np.where(worse, 0, far)
            moved, seen = values + far * step, logits + (far * ahead).astype(np.float32)
            new = self._loss(moved, seen)
        return moved, seen, new, bool((np.abs(far * step) > 0).any())

    def _logits(self, values: Columns) -> NDArray[np.float32]:
        return self._turned @ values[:-1].astype(np.float32) + values[-1].astype(np.float32)

    def _back(self, of_rows: NDArray[np.float32]) -> Columns:
        # Twice as quick as the transposed matrix times few columns.
        slopes = (np.ascontiguousarray(of_rows.T) @ self._turned).T.astype(np.float64)
        return np.vstack([slopes, of_rows.sum(axis=0, dtype=np.float64)])

    def _pull(self, values: Columns) -> Columns:
        """Slope of the penalty."""
        straight = values[:-1]
        if self._turn is not None and self._variance is not None:
            straight = self._turn.T @ (self._variance[:, None] * (self._turn @ straight))
        return np.vstack([self._penalties * straight, np.zeros(values.shape[1])])

    def _loss(self, values: Columns, logits: NDArray[np.float32]) -> Columns:
        each = np.logaddexp(0, logits) - self._labels * logits
        mean = (self._weights * each).sum(axis=0, dtype=np.float64)
        pulled: Columns = mean + (values * self._pull(values)).sum(axis=0) / 2
        return pulled


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)), np.float32)
