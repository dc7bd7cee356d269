"""The catalogue beside what the authors published: colours, sizes, what describes an image."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.encoders.card import IMAGENET_DEVIATION, IMAGENET_MEAN
from core.encoders.catalogue import known_encoder, known_encoders
from core.errors import EncoderError

IMAGENET = (IMAGENET_MEAN, IMAGENET_DEVIATION)
LUNIT = ((0.70322989, 0.53606487, 0.66096631), (0.21716536, 0.26081574, 0.20723464))
BIOPTIMUS = ((0.707223, 0.578729, 0.703617), (0.211883, 0.230117, 0.177517))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
CLASS, BOTH = "class", "class and mean"
# As TRIDENT (github.com/mahmoodlab/TRIDENT, patch_encoder_models/load.py), LazySlide
# (github.com/rendeirolab/lazyslide-models, vision/) and slide2vec (github.com/clemsgrs/slide2vec,
# encoders/models/) load each of them: colours, what describes an image, features, commercial use,
# millions of parameters.
PUBLISHED = {
    "ctranspath": (IMAGENET, CLASS, 768, False, 27.5),
    "lunit-resnet50": (LUNIT, CLASS, 2048, False, 23.5),
    "lunit-vits16": (LUNIT, CLASS, 384, False, 21.7),
    "lunit-vits8": (LUNIT, CLASS, 384, False, 21.7),
    "phikon": (IMAGENET, CLASS, 768, False, 85.8),
    "phikon-v2": (IMAGENET, CLASS, 1024, False, 303.4),
    "uni": (IMAGENET, CLASS, 1024, False, 303.4),
    "uni2-h": (IMAGENET, CLASS, 1536, False, 681.4),
    "virchow": (IMAGENET, BOTH, 2560, True, 631.2),
    "virchow2": (IMAGENET, BOTH, 2560, False, 631.2),
    "h-optimus-0": (BIOPTIMUS, CLASS, 1536, True, 1134.8),
    "h-optimus-1": (BIOPTIMUS, CLASS, 1536, False, 1134.8),
    "h0-mini": (BIOPTIMUS, BOTH, 1536, False, 85.7),
    "midnight-12k": (HALF, BOTH, 3072, True, 1136.5),
    "prov-gigapath": (IMAGENET, CLASS, 1536, False, 1135.0),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_is_used_as_its_authors_published_it(name: str) -> None:
    known = known_encoder(name)
    (mean, deviation), described, dimension, commercial, millions = PUBLISHED[name]
    assert (known.input.mean, known.input.deviation) == (mean, deviation)
    assert (known.input.height, known.input.width) == (224, 224)
    assert (known.features == "class token and mean") == (described == BOTH)
    assert known.dimension == dimension
    assert known.commercial == ("allowed" if commercial else "not allowed")
    # In 32 bit; what is fetched is the weights.
    assert known.megabytes == pytest.approx(4 * millions, rel=0.02)


def test_every_fact_has_its_source_and_every_one_is_checked() -> None:
    known = known_encoders()
    assert {each.name for each in known} == set(PUBLISHED)
    for each in known:
        assert all(source.startswith("https://") for source in (*each.sources, each.scale))
        assert each.input.um_per_px
        assert each.licence
        assert each.citation


def test_an_unknown_name_is_told_what_is_known() -> None:
    with pytest.raises(EncoderError, match=r"'unni'.*Known are ctranspath, .*\.onnx or \.xml"):
        known_encoder("unni")


BUILT = """
import sys, timm, torch
from core.encoders.catalogue import known_encoder
from core.encoders.convert import convolutional_stem
from timm.layers import SwiGLUPacked
for name in sys.argv[1:]:
    known = known_encoder(name)
    arguments = dict(known.arguments)
    if arguments.pop("swiglu", False):
        arguments |= {"mlp_layer": SwiGLUPacked, "act_layer": torch.nn.SiLU}
    if arguments.pop("convolutional_stem", False):
        arguments["embed_layer"] = convolutional_stem()
    with torch.device("meta"):
        network = timm.create_model(known.architecture, num_classes=0, **arguments)
    print(name, sum(part.numel() for part in network.parameters()), network.num_features)
"""


@pytest.mark.exhaustive
def test_networks_of_timm_have_as_many_parameters_as_published(pytorch: Path) -> None:
    """A wrong depth, width, ratio, gate or register would show; in an instant, without weights."""
    named = [known.name for known in known_encoders() if known.loader == "timm"]
    done = subprocess.run(
        [sys.executable, "-c", BUILT, *named],
        env={**os.environ, "PYTHONPATH": f"{pytorch}:."},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    built = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert set(built) == set(named)
    for name, (parameters, width) in built.items():
        _, described, dimension, _, millions = PUBLISHED[name]
        assert int(parameters) / 1e6 == pytest.approx(millions, abs=0.06)
        assert int(width) * (2 if described == BOTH else 1) == dimension
