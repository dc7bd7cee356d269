"""Where the public datasets are had from their authors, and what must be said of them."""

from dataclasses import dataclass

from core.datasets.breakhis import SOURCE as BREAKHIS
from core.datasets.idc import SOURCE as IDC


@dataclass(frozen=True)
class Archive:
    """One file to download, and what it holds.

    Attributes
    ----------
    title : str
    address : str
        Where the authors offer the file.
    page : str
        Their page about it, for people.
    file_name : str
        Ends in `.zip` or `.tar.gz`.
    archive_bytes, image_bytes : int
        About what the file takes, and what its unpacked images take on the disk.
    max_files, max_bytes : int
        An archive that holds more is not this dataset and is refused.
    licence : str
    citations : tuple of str
    """

    title: str
    address: str
    page: str
    file_name: str
    archive_bytes: int
    image_bytes: int
    max_files: int
    max_bytes: int
    licence: str
    citations: tuple[str, ...]


# The authors publish no checksums, so the first download is trusted and later ones must equal it.
ARCHIVES = {
    "breakhis": Archive(
        title="BreaKHis 1.0: 7,909 breast tumour images of 82 patients at four magnifications",
        address="https://www.inf.ufpr.br/vri/databases/BreaKHis_v1.tar.gz",
        page=(
            "https://web.inf.ufpr.br/vri/databases/"
            "breast-cancer-histopathological-database-breakhis/"
        ),
        file_name="BreaKHis_v1.tar.gz",
        archive_bytes=4_300_000_000,
        image_bytes=4_400_000_000,
        max_files=50_000,
        max_bytes=12_000_000_000,
        licence=BREAKHIS.licence,
        citations=BREAKHIS.citations,
    ),
    "idc": Archive(
        title="IDC: 277,524 patches of 50×50 px from breast sections of 162 patients",
        address="https://andrewjanowczyk.com/wp-static/IDC_regular_ps50_idx5.zip",
        page=("https://andrewjanowczyk.com/use-case-6-invasive-ductal-carcinoma-idc-segmentation/"),
        file_name="IDC_regular_ps50_idx5.zip",
        archive_bytes=1_650_000_000,
        image_bytes=2_600_000_000,  # small files: each takes whole blocks of the disk
        max_files=1_000_000,
        max_bytes=8_000_000_000,
        licence=IDC.licence,
        citations=IDC.citations,
    ),
}
