"""A model card as Markdown, a page long."""

import re

from core.documents.letters import visible
from core.registry.card import Card
from core.registry.card_sections import SOURCE, Section, card_sections, shortened
from core.registry.card_words import reservations

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$&#]")
# At the beginning of a line these would make a list or a heading of it.
_FIRST = re.compile(r"^(\d*)([-+.)=])(?=\s|$)")


def card_markdown(card: Card, model_sha256: str) -> str:
    """Return a model's card as Markdown; words of the card are never markup."""
    parts = [f"# Model card: {_plain(shortened(card.title))}", SOURCE]
    parts += [f"**{_plain(text)}**" for text in reservations(card)]
    parts += [_section(section) for section in card_sections(card, model_sha256)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    parts = [f"## {section.title}"]
    if section.rows:
        head = [_row(section.header), "|" + " --- |" * len(section.header)]
        parts.append("\n".join([*head, *map(_row, section.rows)]))
    if section.lines:
        parts.append("\n".join(f"- {_plain(line)}" for line in section.lines))
    return "\n\n".join(parts)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    return _FIRST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", visible(text)))
