"""A colour for each class of a dataset."""

from pages.shared.marks import NEGATIVE, POSITIVE

# After the two of the binary task: the other colours of Okabe and Ito (2008).
_OTHERS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7d8790", "#8a6d3b")


def class_colours(classes: tuple[str, ...]) -> list[str]:
    """A colour for each class; of two classes, the second is the positive one."""
    colours = (NEGATIVE.colour, POSITIVE.colour, *_OTHERS)
    return [colours[number % len(colours)] for number in range(len(classes))]
