"""The networks that tests build: a few in every run, all of them in `make test-all`."""

from core.architectures import NAMES
from tests.each_time import each_time

# One of each structure: plain, VGG, residual, dense, inverted residual with depthwise convolutions.
FAMILIES = ("cancernet", "vgg16", "resnet50", "densenet121_block2", "mobilenetv2")

EVERY_NETWORK = each_time(FAMILIES, NAMES)
# Without the largest: inverted residuals are residuals as well.
SMALLER_NETWORKS = each_time([name for name in FAMILIES if name != "resnet50"], NAMES)
# For what takes long, where `registry/test_graph.py` compares maps of these structures in each run.
FEW_NETWORKS = each_time(("cancernet", "mobilenetv2"), NAMES)
# Of these methods only that they work at all is asked.
ONE_NETWORK = each_time(("cancernet",), NAMES)
