"""The log of a run: plain text for people, a line for each thing that happens."""

from datetime import datetime

from core.training.jobs.folder import RunFolder


def write_log(run: RunFolder, text: str) -> None:
    """Append a line with the time to a run's log; a log that cannot be written stops no run."""
    at = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    try:
        with run.log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{at}  {text.rstrip()}\n")
    except OSError:
        pass  # the disk may be what is at fault
