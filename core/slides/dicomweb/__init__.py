"""An image archive that speaks DICOMweb: its slides are found there and fetched from it."""

from core.slides.dicomweb.download import download
from core.slides.dicomweb.search import RemoteSlide, search

__all__ = ["RemoteSlide", "download", "search"]
