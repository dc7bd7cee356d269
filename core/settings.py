"""Paths and limits, read from `LOBULE_*` environment variables."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything a user may set from the environment; the README holds the same table."""

    model_config = SettingsConfigDict(env_prefix="LOBULE_", frozen=True, extra="ignore")

    home: Path = Field(default=ROOT / "var", description="where caches, runs and own models live")
    shipped_models: Path = Field(
        default=ROOT / "models", description="packages that ship with Lobule"
    )
    weights: Path | None = Field(
        default=None, description="folder of ImageNet weights (.weights.h5)"
    )
    slides: str | None = Field(
        default=None, description="folders whose slides can be opened, divided as in PATH"
    )
    data_roots: str | None = Field(
        default=None, description="folders that data are read from, divided as in PATH"
    )
    dicomweb_url: SecretStr | None = Field(
        default=None, description="image archive that slides can be fetched from"
    )
    engine: Literal["auto", "openvino", "tensorflow"] = Field(
        default="auto",
        description="what answers: TensorFlow on a GPU and OpenVINO elsewhere, or always one",
    )
    ray: str | None = Field(
        default=None,
        description="Ray cluster for sweeps and many images, `auto` or its address",
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL that keeps the worklist; SQLite unless given"
    )
    serve_without_sign_in: bool = Field(
        default=False, description="listen on other addresses than localhost with nobody signed in"
    )
    users: str | None = Field(
        default=None,
        description="addresses, @domains and groups that may come in, divided by commas",
    )
    roles: Path | None = Field(
        default=None, description="TOML file of who is reader, pathologist, researcher, …"
    )
    idle_minutes: float = Field(
        default=60, gt=0, description="after so long without a click users sign in again"
    )
    hosts: str | None = Field(
        default=None, description="names that the server may be called by, divided by commas"
    )
    provider_verifies_addresses: bool = Field(
        default=False,
        description="whether addresses count that the provider does not call verified",
    )
    max_windows: int = Field(
        default=200, gt=0, description="windows of browsers that are served at once"
    )
    max_memory_gigabytes: float = Field(
        default=4, gt=0, description="memory for images of everybody and their answers, GB"
    )
    max_image_megabytes: float = Field(
        default=200, gt=0, description="largest file that is read, MB"
    )
    max_image_megapixels: float = Field(
        default=150, gt=0, description="largest image that is decoded"
    )

    @property
    def max_image_bytes(self) -> int:
        """The file-size limit in bytes."""
        return int(self.max_image_megabytes * 1_000_000)

    @property
    def max_memory_bytes(self) -> int:
        """The limit on memory for images and answers in bytes."""
        return int(self.max_memory_gigabytes * 1_000_000_000)

    @property
    def max_image_pixels(self) -> int:
        """The decoded-size limit in pixels (width times height)."""
        return int(self.max_image_megapixels * 1_000_000)

    @property
    def own_models(self) -> Path:
        """Where models trained here are kept."""
        return self.home / "models"

    @property
    def encoders(self) -> Path:
        """Where encoders that were added are kept, a folder each."""
        return self.home / "encoders"

    @property
    def cache(self) -> Path:
        """Where decoded pixels are kept between runs."""
        return self.home / "cache"

    @property
    def runs(self) -> Path:
        """Where training runs are kept, a folder each."""
        return self.home / "runs"

    @property
    def sweeps(self) -> Path:
        """Where sweeps are kept, a folder each."""
        return self.home / "sweeps"

    @property
    def evaluations(self) -> Path:
        """Where answers on datasets are kept, a folder or a table each."""
        return self.home / "evaluations"

    @property
    def cases(self) -> Path:
        """Where the worklist keeps its database and its images."""
        return self.home / "cases"

    @property
    def case_manifests(self) -> Path:
        """Where judged images of the worklist are listed, to train on."""
        return self.cases / "manifests"

    @property
    def slide_roots(self) -> tuple[Path, ...]:
        """Folders on this computer whose slides can be opened."""
        return _divided(self.slides)

    @property
    def data_folders(self) -> tuple[Path, ...]:
        """Folders on this computer that the server may read data from; see `core.roots`."""
        return _divided(self.data_roots)

    @property
    def downloads(self) -> Path:
        """Where public datasets are kept that were fetched, a folder each."""
        return self.home / "downloads"

    @property
    def slide_uploads(self) -> Path:
        """Where slides that came through the browser are kept."""
        return self.home / "slides" / "uploads"

    @property
    def slide_answers(self) -> Path:
        """Where answers of slides are kept, a folder each."""
        return self.home / "slides" / "answers"

    @property
    def slide_patches(self) -> Path:
        """Where judged regions of slides are kept as patches to train on, a folder each time."""
        return self.home / "slides" / "patches"

    @property
    def slide_downloads(self) -> Path:
        """Where slides that were fetched from an image archive are kept, a folder each."""
        return self.home / "slides" / "downloads"


def _divided(folders: str | None) -> tuple[Path, ...]:
    return tuple(Path(folder) for folder in (folders or "").split(os.pathsep) if folder.strip())


def get_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    SettingsError
        If a variable holds a value of the wrong kind; the message names each one.
    """
    variables = [item for item in os.environ.items() if item[0].upper().startswith("LOBULE_")]
    return _settings_of(tuple(variables))


@lru_cache(maxsize=8)
def _settings_of(_given: tuple[tuple[str, str], ...]) -> Settings:
    """Read them again only where the environment has changed: it takes milliseconds."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"LOBULE_{str(item['loc'][0]).upper()}={item['input']!r}: {item['msg']}"
            for item in error.errors()
        )
        raise SettingsError(
            f"A setting cannot be used: {wrong}. Correct or unset the environment variable."
        ) from error


# Keras keeps its settings and downloads in the user's home unless told otherwise before it is
# imported; everything that Lobule writes stays in one folder.
_home = Path(os.environ.get("LOBULE_HOME") or ROOT / "var")
os.environ.setdefault("KERAS_HOME", str(_home / "keras"))
