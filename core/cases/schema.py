"""The worklist's tables. `migrations` makes them; a test compares the two."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def _as_it_is(read: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """Let a value that no column of its kind can hold come as it is; `core.cases.rows` tells it.

    SQLite keeps such values, and one of them would take a whole list away.
    """

    def process(value: Any) -> Any:
        try:
            return read(value) if read else value
        except (ValueError, TypeError, OverflowError):
            return value

    return process


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is taken off and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment of any zone into UTC."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)

    def result_processor(  # pyrefly: ignore[bad-override]  # its type is private
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], Any] | None:
        """Read a moment; what is none comes as it is."""
        return _as_it_is(super().result_processor(dialect, coltype))


class Bytes(TypeDecorator[bytes]):
    """Bytes; what is none comes as it is."""

    impl = LargeBinary
    cache_ok = True

    def result_processor(  # pyrefly: ignore[bad-override]  # its type is private
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], Any] | None:
        """Read bytes."""
        return _as_it_is(super().result_processor(dialect, coltype))


class Base(DeclarativeBase):
    """Base of every table."""


class StoreRow(Base):
    """One row: which store this is. Its images lie in a folder of that name."""

    __tablename__ = "store"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)


class CaseRow(Base):
    """A case. A deleted one stays as its tombstone, without images and answers."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(String(9), primary_key=True)
    patient: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    """Id and patient, folded, for the search."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    """Grows with each change: who read an older one may not write."""
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    shared_with: Mapped[str] = mapped_column(Text, server_default="")
    """Addresses, @domains and groups, each between two line ends."""
    images: Mapped[list["ImageRow"]] = relationship(
        order_by="ImageRow.position", back_populates="case"
    )

    __table_args__ = (Index("cases_by_time", "created_at"),)


class ImageRow(Base):
    """An image of a case, and what the pathologist says of its answer."""

    __tablename__ = "images"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the kept file, which is also its name."""
    name: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    synthetic: Mapped[bool]
    magnification: Mapped[str] = mapped_column(String(20), server_default="")
    overview: Mapped[bool] = mapped_column(server_default=false())
    verdict: Mapped[str | None] = mapped_column(String(20), index=True)
    subtype: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text)
    """Name, subtype and note, folded, for the search."""
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
    judged_by: Mapped[str | None] = mapped_column(Text)
    case: Mapped[CaseRow] = relationship(back_populates="images")
    answers: Mapped[list["AnswerRow"]] = relationship(order_by="AnswerRow.id")


class CardRow(Base):
    """A model's card as it was when it answered, under the hash of its text."""

    __tablename__ = "cards"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(Text)


class AnswerRow(Base):
    """An answer as it was given; the database refuses to change it."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    card_sha256: Mapped[str] = mapped_column(ForeignKey("cards.sha256"))
    model: Mapped[str] = mapped_column(Text)
    model_sha256: Mapped[str] = mapped_column(String(64))
    classes: Mapped[str] = mapped_column(Text)
    """A JSON list, in the model's order."""
    predicted: Mapped[str] = mapped_column(Text)
    said: Mapped[str] = mapped_column(Text)
    """`predicted`, or what the model said instead of a class, such as "out of scope"."""
    shown_class: Mapped[str] = mapped_column(Text)
    """The class that `probability` is of."""
    probability: Mapped[float] = mapped_column(Double)
    um_per_px: Mapped[float | None] = mapped_column(Double)
    answered_at: Mapped[datetime] = mapped_column(Moment)
    answered_by: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text, deferred=True)
    """All of the answer but pixels and maps: JSON in ASCII, with its version."""
    maps: Mapped[bytes] = mapped_column(Bytes, deferred=True)
    """Its arrays, exactly, as a compressed `.npz`."""

    __table_args__ = (Index("answers_by_model", "model", "said"),)


class TrailRow(Base):
    """One entry of the trail: who changed what, when. The database refuses to change it."""

    __tablename__ = "trail"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    who: Mapped[str] = mapped_column(Text)
    signed_in: Mapped[bool]
    action: Mapped[str] = mapped_column(String(20))
    image: Mapped[int | None]
    """The position of the image that it is about."""
    model: Mapped[str | None] = mapped_column(Text)
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(Text)
    """What it was: JSON in ASCII."""
    after: Mapped[str] = mapped_column(Text)
    """What it became: JSON in ASCII."""
    previous: Mapped[str] = mapped_column(String(64), server_default="")
    """The hash of the entry before it."""
    sha256: Mapped[str] = mapped_column(String(64), server_default="")
    """Of all of this, as `core.cases.chain` says."""
