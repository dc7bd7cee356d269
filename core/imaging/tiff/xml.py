"""XML that vendors write into TIFF tags, parsed without what could make it grow."""

import re
from xml.etree import ElementTree as ET

LONGEST = 1 << 22
_ENTITIES = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def parse(text: str) -> ET.Element | None:
    """Parse a document, with names freed of their namespaces.

    None where it is no XML, is longer than 4 million characters, or declares entities, which no
    scanner does and which can blow a document up to any size.
    """
    text = text.strip("\ufeff\0 \r\n\t")
    if not text.startswith("<") or len(text) > LONGEST or _ENTITIES.search(text):
        return None
    try:
        root = ET.fromstring(text)  # noqa: S314 - no entities: refused above
    except (ET.ParseError, ValueError):
        return None
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    return root
