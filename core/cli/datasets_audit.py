"""`datasets audit`: what a dataset really holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.dataset_options import GroupNeighbours, Positive
from core.cli.output import AsJson, plain, print_json, stage_bars
from core.errors import DatasetError

if TYPE_CHECKING:
    from core.datasets.audit.accepted import Decisions
    from core.datasets.audit.audit_result import Audit
    from core.datasets.records import Dataset


def audit(
    path: Annotated[Path, typer.Argument(help="Folder or manifest of the dataset.")],
    task: Annotated[
        Literal["binary", "subtype"], typer.Option(help="Which classes to tell apart.")
    ] = "binary",
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Leave out the files of the finding with this code."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Keep the files of the finding with this code."),
    ] = None,
    look_alikes: Annotated[
        Literal["one", "apart"] | None,
        typer.Option(
            help="Treat patients whose ids look alike as one person each, or as different people."
        ),
    ] = None,
    positive: Positive = None,
    decisions: Annotated[
        Path | None,
        typer.Option(help="File of decisions; in LOBULE_HOME/audits by default."),
    ] = None,
    *,
    group_neighbours: GroupNeighbours = False,
    as_json: AsJson = False,
) -> None:
    """Audit a dataset: what is wrong with it, how bad that is, and what to do about it.

    The folder is never changed. The exit code is 1 while a finding of severity "error" stands whose
    files nothing was decided about.
    """
    from core.datasets.audit.accepted import save_decisions
    from core.datasets.audit.audit import audit as run
    from core.datasets.open import open_dataset

    try:
        dataset = open_dataset(path, task=task, positive=positive, neighbours=group_neighbours)
        with stage_bars() as progress:
            result = run(dataset, progress=progress)
        decided = _decisions(dataset, decisions, ask=bool(drop or keep or look_alikes or decisions))
        if drop or keep or look_alikes:
            decided = _decide(decided, result, drop or [], keep or [])
            decided = _decide_people(decided, result, look_alikes)
            save_decisions(decided, dataset, decisions)
    except KeyboardInterrupt:
        typer.echo("Stopped. What was read is kept: the next audit continues from there.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        chosen = {
            name: sorted(getattr(decided, name)) for name in ("drop", "keep", "one_person", "apart")
        }
        print_json({**result.to_json(), "decisions": chosen})
    else:
        _print(result, decided)
    if any(f.severity == "error" and decided.undecided(f) for f in result.findings):
        raise typer.Exit(1)


def _decisions(dataset: "Dataset", file: Path | None, *, ask: bool) -> "Decisions":
    from core.datasets.audit.accepted import Decisions, load_decisions

    try:
        return load_decisions(dataset, file)
    except DatasetError:
        if ask:
            raise
        # A file that cannot be opened has no fingerprint; the audit is shown all the same.
        return Decisions(fingerprint="")


def _decide(decided: "Decisions", result: "Audit", drop: list[str], keep: list[str]) -> "Decisions":
    findings = {finding.code: finding for finding in result.findings if finding.files}
    for code in [*drop, *keep]:
        if code not in findings:
            raise DatasetError(
                f"There is no finding “{code}” that names files. There are: "
                f"{', '.join(findings) or 'none'}."
            )
        decide = decided.dropping if code in drop else decided.keeping
        decided = decide(findings[code])
    return decided


def _decide_people(
    decided: "Decisions", result: "Audit", look_alikes: Literal["one", "apart"] | None
) -> "Decisions":
    if look_alikes is None:
        return decided
    findings = [finding for finding in result.findings if finding.patients]
    if not findings:
        raise DatasetError("No patients look alike, so there is nothing to decide about them.")
    for finding in findings:
        decided = decided.deciding_people(finding, apart=look_alikes == "apart")
    return decided


def _print(result: "Audit", decided: "Decisions") -> None:
    who = f"{result.patients} patients" if result.patients is not None else "patients UNKNOWN"
    classes = ", ".join(f"{count.name} {count.images:,}" for count in result.classes)
    typer.echo(plain(f"{result.dataset}: {result.images:,} images, {who}; {classes}"))
    for finding in result.findings:
        typer.echo(f"\n{finding.severity.upper()} {finding.code}: {plain(finding.message)}")
        if not decided.undecided(finding):
            typer.echo("    Decided.")
            continue
        for example in finding.examples:
            typer.echo(f"    {plain(example)}")
        typer.echo(f"    → {plain(finding.advice)}")
    if decided.drop:
        typer.echo(f"\n{len(decided.drop):,} files are dropped by decision.")
