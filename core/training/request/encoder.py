"""The encoder that a recipe asks for."""

from core.encoders.shelf import Encoder, encoders, find_encoder
from core.errors import TrainingError
from core.training.request.recipe import Recipe


def encoder_for(recipe: Recipe) -> Encoder:
    """Find the encoder of a recipe.

    Raises
    ------
    EncoderError
        If it is not here, or refused.
    TrainingError
        If the recipe names none, or its input has another size.
    """
    if not recipe.encoder:
        known = ", ".join(entry.name for entry in encoders() if entry.encoder) or "none yet"
        raise TrainingError(
            f"The recipe {recipe.name!r} needs an encoder; at hand are: {known}. Choose one "
            "(on the command line by --encoder), or add one: python -m core encoders add FILE."
        )
    encoder = find_encoder(recipe.encoder)
    size = encoder.card.input
    if (size.height, size.width) != (recipe.input_size, recipe.input_size):
        raise TrainingError(
            f"The encoder {encoder.card.name!r} takes {size.width}×{size.height} px and the recipe "
            f"says input_size={recipe.input_size}. "
            + (
                f"Set input_size={size.height}."
                if size.height == size.width
                else "Recipes give squares: add the encoder with a square input."
            )
        )
    return encoder


def changes_for(name: str) -> list[str]:
    """The settings that have a recipe use an encoder.

    Raises
    ------
    EncoderError
        If it is not here, or refused.
    """
    return [f'encoder="{name}"', f"input_size={find_encoder(name).card.input.height}"]
