"""Which versions run, and under which licences they came."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"^[A-Za-z0-9_.-]+")
_LONG = 60  # some packages state the whole text of their licence as its name


def lobule_version() -> str:
    """Return the version that pyproject.toml states."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def libraries() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each installed library that we or an extra ask for."""
    files = set(ROOT.glob("requirements*.txt")) - {ROOT / "requirements-dev.txt"}
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    names = {match.group() for line in lines if (match := _NAME.match(line))}
    rows = []
    for name in sorted(names, key=str.casefold):
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue
        rows.append((name, about["Version"], _licence(about)))
    return rows


def _licence(about: object) -> str:
    get = about.get  # type: ignore[attr-defined]
    stated = str(get("License-Expression") or get("License") or "").strip().partition("\n")[0]
    if stated and len(stated) <= _LONG:
        return stated
    classes = about.get_all("Classifier") or []  # type: ignore[attr-defined]
    licences = [line.rpartition(" :: ")[2] for line in classes if line.startswith("License ::")]
    return ", ".join(licences) or "as its files state"
