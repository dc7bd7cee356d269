"""From a Keras network to OpenVINO's intermediate representation: operations as XML, constants."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def write_intermediate(
    answer: Callable[[Any], dict[str, Any]], shape: Sequence[int], kind: Any, folder: Path
) -> tuple[Path, Path]:
    """Freeze what answers and have OpenVINO read it; only under Keras' TensorFlow backend.

    Parameters
    ----------
    answer : callable
        From a tensor of images, (N, h, w, 3), to what it gives, by name.
    shape : sequence of int
        (h, w, 3).
    kind : tensorflow.DType
        Of the images.
    folder : Path
        Where files are made.

    Returns
    -------
    xml, constants : Path
        Of the operations, whose input is called "pixels" and whose outputs as `answer` says, in
        float32; and of the constants beside them, in 32 bit.
    """
    import openvino  # noqa: PLC0415 - a third of a second
    import tensorflow as tf  # noqa: PLC0415 - takes seconds
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415
        convert_variables_to_constants_v2 as freeze,
    )

    names: list[str] = []

    def named(pixels: Any) -> dict[str, Any]:
        answers = answer(pixels)
        names[:] = answers
        return {
            name: tf.identity(tf.cast(value, tf.float32), name=name)
            for name, value in answers.items()
        }

    signature = [tf.TensorSpec((None, *shape), kind, name="pixels")]
    frozen = freeze(tf.function(named, input_signature=signature).get_concrete_function())
    file = folder / "frozen.pb"
    file.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    # By the reader of frozen graphs itself: `openvino.convert_model` brings telemetry along.
    read = openvino.Core().read_model(file)
    for output in read.outputs:
        output_names = output.get_names()
        output.set_names({name for name in names if f"{name}:0" in output_names})
    openvino.save_model(read, folder / "graph.xml", compress_to_fp16=False)
    file.unlink()
    return folder / "graph.xml", folder / "graph.bin"
