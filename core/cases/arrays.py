"""Maps of an answer as bytes, exactly."""

import io

from core.cases.records import Maps


def pack(maps: Maps) -> bytes:
    """Return arrays by name as a compressed `.npz`."""
    import numpy as np  # noqa: PLC0415 - a list of cases needs no maps

    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **maps)
    return buffer.getvalue()


def unpack(data: bytes) -> Maps:
    """Return the arrays by name; nothing in the bytes is run."""
    import numpy as np  # noqa: PLC0415

    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
