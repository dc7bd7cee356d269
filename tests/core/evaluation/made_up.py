"""Made-up held-out answers, for tests of what is worked out from them."""

import numpy as np

from core.evaluation.predictions import Predictions, Protocol


def made_up(
    *,
    patients: int = 8,
    images: int = 12,
    classes: int = 2,
    rounds: int = 1,
    folds: int = 1,
    protocol: Protocol = "one model",
    signal: float = 1.0,
    mixed: bool = True,
    seed: int = 0,
) -> Predictions:
    """Answers whose probabilities tell the classes apart by `signal`; colour tells them by half."""
    random = np.random.default_rng(seed)
    number = patients * images
    person = np.repeat(np.arange(patients), images)
    labels = random.integers(0, classes, number) if mixed else person % classes
    people = np.array([f"p{each:02}" for each in person], dtype=object)

    def chances(strength: float) -> np.ndarray:
        logits = strength * np.eye(classes)[labels] + random.normal(0, 1, (number, classes))
        powers = np.exp(logits)
        return powers / powers.sum(axis=1, keepdims=True)

    parts = []
    for round_ in range(rounds):
        if protocol == "patients":
            fold = person + 1
        else:
            fold = random.permutation(patients)[person] % folds + 1
        parts.append(
            Predictions(
                classes=tuple(f"class {each}" for each in range(classes)),
                positive=1,
                protocol=protocol,
                images=np.array([f"{row:03}.png" for row in range(number)], dtype=object),
                patients=people,
                magnifications=np.array(["40X", "100X"] * (number // 2), dtype=object),
                subtypes=np.full(number, "", dtype=object),
                labels=labels,
                probabilities=chances(signal),
                rounds=np.full(number, round_ + 1),
                folds=fold,
                thresholds=0.4 + 0.02 * fold if classes == 2 else None,
                colour_probabilities=chances(signal / 2),
                colour_thresholds=np.full(number, 0.5) if classes == 2 else None,
            )
        )
    if rounds == 1:
        return parts[0]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name, value in vars(parts[0]).items()
        if isinstance(value, np.ndarray)
    }
    return Predictions(classes=parts[0].classes, positive=1, protocol=protocol, **joined)
