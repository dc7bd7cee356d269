"""Whether what a command answers goes to a Ray cluster."""

import typer


def goes_to_cluster(model: str, *, many: bool) -> bool:
    """Whether there is a cluster, and enough for it; says so where only the model is not named."""
    from core.registry.shelf import AUTOMATIC
    from core.settings import get_settings

    if get_settings().ray is None or not many:
        return False
    if model == AUTOMATIC:
        typer.echo(
            "Answered on this computer: for the cluster, name the model with --model.", err=True
        )
    return model != AUTOMATIC
