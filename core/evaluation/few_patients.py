"""The mark of a figure that too few patients stand behind."""

FEW = 10
"""Patients, below which a figure is marked."""
MARK = "▲ FEW PATIENTS"


def is_few(patients: int) -> bool:
    """Whether so many patients are too few to rely on a figure from them."""
    return patients < FEW


def warning(patients: int) -> str:
    """That figures are from so few patients, in a sentence."""
    people = f"{patients} patient{'' if patients == 1 else 's'}"
    return f"from {people}, fewer than {FEW}: others may differ widely, whatever the interval says."


def marked(text: str, patients: int) -> str:
    """A figure in words, with the mark behind it where it is from few patients."""
    if not is_few(patients):
        return text
    people = f"{patients} patient{'' if patients == 1 else 's'}"
    return f"{text} " + f"▲ {people}".replace(" ", "\N{NO-BREAK SPACE}")
