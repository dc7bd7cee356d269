"""What somebody decided about findings: files to drop and files to keep, beside the data.

The dataset's folder is never touched. Decisions are a JSON file, `{"fingerprint": …, "drop":
[paths], "keep": [paths]}`, and hold for the dataset with that fingerprint only.
"""

import json
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.datasets.audit.finding import Finding
from core.datasets.audit.memory import write_aside
from core.datasets.records import Dataset
from core.errors import DatasetError
from core.settings import get_settings


class Decisions(BaseModel):
    """Files to leave out and files to keep although a finding names them.

    Attributes
    ----------
    fingerprint : str
        Of the whole dataset, with the files that are dropped.
    drop, keep : frozenset of str
        Paths as in the records; none is in both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()

    def dropping(self, finding: Finding) -> "Decisions":
        """These decisions, and to drop all files of the finding."""
        files = frozenset(finding.files)
        return self.model_copy(update={"drop": self.drop | files, "keep": self.keep - files})

    def keeping(self, finding: Finding) -> "Decisions":
        """These decisions, and to keep all files of the finding."""
        files = frozenset(finding.files)
        return self.model_copy(update={"drop": self.drop - files, "keep": self.keep | files})

    def forgetting(self, finding: Finding) -> "Decisions":
        """These decisions, and none about the files of the finding."""
        files = frozenset(finding.files)
        return self.model_copy(update={"drop": self.drop - files, "keep": self.keep - files})

    def undecided(self, finding: Finding) -> int:
        """How many of the finding's files nothing was decided about; 1 if it names no files."""
        return len(set(finding.files) - self.drop - self.keep) if finding.files else 1


def default_file(dataset: Dataset) -> Path:
    """Where the decisions about a dataset are kept unless the caller says otherwise."""
    return get_settings().home / "audits" / f"{dataset.fingerprint}.json"


def load_decisions(dataset: Dataset, file: Path | None = None) -> Decisions:
    """Read the decisions about a dataset; none if the file is not there.

    Raises
    ------
    DatasetError
        If the file is damaged, or is about another dataset.
    """
    file = file or default_file(dataset)
    if not file.exists():
        return Decisions(fingerprint=dataset.fingerprint)
    try:
        decisions = Decisions.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise DatasetError(
            f"{file} holds no decisions about a dataset. Choose another file, or delete this one "
            "and decide again."
        ) from error
    if decisions.fingerprint != dataset.fingerprint:
        raise DatasetError(
            f"The decisions in {file} are about another dataset than {dataset.root} as it is now: "
            "images were added, removed or changed. Look at the findings and decide again."
        )
    return decisions


def save_decisions(decisions: Decisions, dataset: Dataset, file: Path | None = None) -> Path:
    """Write decisions; return where.

    Raises
    ------
    DatasetError
        If the file cannot be written, or a decision names a file that the dataset does not have.
    """
    unknown = sorted((decisions.drop | decisions.keep) - set(dataset.records["path"]))
    if unknown:
        raise DatasetError(
            f"{len(unknown)} decided file(s) are not in {dataset.root}, for example {unknown[0]}. "
            "Decide about files that the audit names."
        )
    file = file or default_file(dataset)
    values = decisions.model_dump()
    sorted_values = {
        key: value if key == "fingerprint" else sorted(value) for key, value in values.items()
    }
    write_aside(file, f"{json.dumps(sorted_values, indent=1)}\n".encode())
    return file


def apply_decisions(dataset: Dataset, decisions: Decisions) -> Dataset:
    """The dataset without the dropped files; files stay where they are.

    Raises
    ------
    DatasetError
        If the decisions are about another dataset, or drop every image.
    """
    if decisions.fingerprint != dataset.fingerprint:
        raise DatasetError(
            f"The decisions are about another dataset than {dataset.root} as it is now. Look at "
            "the findings and decide again."
        )
    kept = dataset.records[~dataset.records["path"].isin(list(decisions.drop))]
    if kept.empty:
        raise DatasetError(
            f"All {len(dataset.records)} images of {dataset.root} would be dropped. Keep some."
        )
    return replace(dataset, records=kept.reset_index(drop=True))
