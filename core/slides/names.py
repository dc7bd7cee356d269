"""What slides are called where several are shown together."""

from collections import Counter
from collections.abc import Iterable

from core.slides.files import legible
from core.slides.roots import SlideFile


def names_of(slides: Iterable[SlideFile]) -> dict[str, str]:
    """Return the name of each slide by its id; with its folder where several have one name."""
    listed = list(slides)
    often = Counter(slide.name for slide in listed)
    return {
        slide.id: f"{slide.name} ({_folder(slide)})" if often[slide.name] > 1 else slide.name
        for slide in listed
    }


def _folder(slide: SlideFile) -> str:
    """From the root that it lies in, by that folder's own name: no more of the server's folders."""
    inside = slide.path.parent.relative_to(slide.root).parts
    return legible("/".join((slide.root.name, *inside)))
