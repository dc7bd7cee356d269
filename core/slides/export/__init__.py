"""Answers of slides taken to other tools."""

from core.slides.export.files import FORMATS, ExportFormat, export

__all__ = ["FORMATS", "ExportFormat", "export"]
