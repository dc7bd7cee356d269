"""One person under several names: ids that look alike, and neighbouring ids of IDC.

Ids are compared by `core.datasets.spelling.patient_key`. Those that look alike count as one person
in everything that is done with a dataset, until somebody says that they are different people: too
many persons make a leak, too few only make a split coarser.
"""

from collections.abc import Collection
from dataclasses import replace

from core.counts import counted
from core.datasets.listing import quoted
from core.datasets.records import Dataset
from core.datasets.spelling import JOIN, one_spelling, patient_key
from core.errors import DatasetError

NEIGHBOUR = 1
"""Ids that differ by no more are neighbours."""


def one_person_each(dataset: Dataset) -> Dataset:
    """Give patients whose ids look alike one spelling; `Dataset.written` keeps the others."""
    if not dataset.patients_known:
        return dataset
    patients = dataset.records["patient"]
    spelling = one_spelling(patients.tolist(), patient_key)
    if all(name == stands for name, stands in spelling.items()):
        return dataset
    stands = patients.map(spelling).astype(patients.dtype)
    changed = (stands != patients).to_numpy()
    written = dict(zip(dataset.records["path"][changed], patients[changed], strict=True))
    together = replace(dataset, records=dataset.records.assign(patient=stands), written=written)
    spellings = "; ".join(quoted(names) for names in list(look_alikes(together).values())[:3])
    note = (
        f"{counted(len(spelling), 'patient id')} are taken as {len(set(stands)):,} people: "
        "some differ only in case, spaces, separators, leading zeros or Unicode form "
        f"({spellings})."
    )
    return replace(together, notes=(*dataset.notes, note))


def look_alikes(dataset: Dataset) -> dict[str, list[str]]:
    """Every patient who is written in several ways, and these, the one in the records first."""
    patients = dict(zip(dataset.records["path"], dataset.records["patient"], strict=True))
    ways: dict[str, set[str]] = {}
    for path, name in dataset.written.items():
        if path in patients:
            ways.setdefault(patients[path], set()).add(name)
    return {patient: [patient, *sorted(ways[patient])] for patient in sorted(ways)}


def apart(dataset: Dataset, patients: Collection[str]) -> Dataset:
    """Take patients who are written in several ways for different people again."""
    if not patients:
        return dataset
    kept = {}
    names = dataset.records["patient"].tolist()
    for row, path in enumerate(dataset.records["path"]):
        if path in dataset.written:
            if names[row] in patients:
                names[row] = dataset.written[path]
            else:
                kept[path] = dataset.written[path]
    records = dataset.records.assign(patient=names)
    records["patient"] = records["patient"].astype(dataset.records["patient"].dtype)
    return replace(dataset, records=records, written=kept)


def group_neighbours(dataset: Dataset) -> Dataset:
    """Take neighbouring ids of IDC for one woman: "8863", "8864" become "8863+8864".

    The set has 279 ids, and its authors speak of 162 women (Cruz-Roa et al. 2014): slides of one
    woman were given numbers one after another. Chains of neighbours may also join two women, which
    makes a split coarser and lets nothing leak. The slide stays the id.

    Raises
    ------
    DatasetError
        If the dataset is not IDC.
    """
    if dataset.name != "IDC":
        raise DatasetError(
            f"Only in IDC can neighbouring ids be grouped; {dataset.root} holds "
            f"{dataset.name}. Leave --group-neighbours out."
        )
    patients = dataset.records["patient"]
    chains: list[list[int]] = []
    for number in sorted({int(patient) for patient in patients.unique()}):
        if chains and number - chains[-1][-1] <= NEIGHBOUR:
            chains[-1].append(number)
        else:
            chains.append([number])
    group = {number: JOIN.join(map(str, chain)) for chain in chains for number in chain}
    grouped = patients.map({name: group[int(name)] for name in patients.unique()})
    note = (
        f"{counted(patients.nunique(), 'id')} are taken as {len(chains):,} women, since "
        "neighbouring ids may belong to one: IDC has 279 ids of 162 women."
    )
    records = dataset.records.assign(patient=grouped.astype(patients.dtype))
    return replace(dataset, records=records, notes=(*dataset.notes, note))
