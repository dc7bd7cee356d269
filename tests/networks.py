"""The networks that tests build: a few in every run, all of them in `make test-all`."""

import pytest

from core.architectures import NAMES

# One of each structure: plain, VGG, residual, dense, inverted residual with depthwise convolutions.
FAMILIES = ("cancernet", "vgg16", "resnet50", "densenet121_block2", "mobilenetv2")

EVERY_NETWORK = [
    name if name in FAMILIES else pytest.param(name, marks=pytest.mark.exhaustive) for name in NAMES
]
