"""What somebody decided about findings, beside the data: files to drop or keep, who is one person.

The dataset's folder is never touched. Decisions are a JSON file, `{"fingerprint": …, "drop":
[paths], "keep": [paths], "one_person": [patients], "apart": [patients]}`, and hold for the dataset
with that fingerprint only.
"""

import json
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.datasets.audit.finding import Finding
from core.datasets.audit.memory import write_aside
from core.datasets.people import apart
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
    one_person, apart : frozenset of str
        Patients whose ids are written in several ways: one person indeed, or different people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    drop: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    one_person: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    def dropping(self, finding: Finding) -> "Decisions":
        """These decisions, and to drop all files of the finding."""
        files = frozenset(finding.files)
        return self.model_copy(update={"drop": self.drop | files, "keep": self.keep - files})

    def keeping(self, finding: Finding) -> "Decisions":
        """These decisions, and to keep all files of the finding."""
        files = frozenset(finding.files)
        return self.model_copy(update={"drop": self.drop - files, "keep": self.keep | files})

    def forgetting(self, finding: Finding) -> "Decisions":
        """These decisions, and none about the files or the patients of the finding."""
        files, people = frozenset(finding.files), frozenset(finding.patients)
        return self.model_copy(
            update={
                "drop": self.drop - files,
                "keep": self.keep - files,
                "one_person": self.one_person - people,
                "apart": self.apart - people,
            }
        )

    def deciding_people(self, finding: Finding, *, apart: bool) -> "Decisions":
        """These decisions, and that each of the finding's patients is one person, or several."""
        people = frozenset(finding.patients)
        one_person = self.one_person - people if apart else self.one_person | people
        several = self.apart | people if apart else self.apart - people
        return self.model_copy(update={"one_person": one_person, "apart": several})

    def undecided(self, finding: Finding) -> int:
        """How many of the finding's files, or patients, nothing was decided about.

        1 if it names neither.
        """
        if finding.patients:
            return len(set(finding.patients) - self.one_person - self.apart)
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
            f"The decisions in {file} do not fit {dataset.root} as it is now: images were "
            "added, removed or changed. Look at the findings and decide again."
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
    """The dataset without the dropped files, with different people told apart.

    Files stay where they are.

    Raises
    ------
    DatasetError
        If the decisions are about another dataset, or drop every image.
    """
    if decisions.fingerprint != dataset.fingerprint:
        raise DatasetError(
            f"The decisions do not fit {dataset.root} as it is now. Look at the findings and "
            "decide again."
        )
    records_left = dataset.records[~dataset.records["path"].isin(list(decisions.drop))]
    if records_left.empty:
        raise DatasetError(
            f"All {len(dataset.records)} images of {dataset.root} would be dropped. Keep some."
        )
    return apart(replace(dataset, records=records_left.reset_index(drop=True)), decisions.apart)
