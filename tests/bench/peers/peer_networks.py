"""The networks that are compared with the peers: those of ../speed/networks.py and ResNet-20."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "speed"))
from networks import NETWORKS, RESNET20, RESNET20_96  # noqa: E402

PEER_NETWORKS = {**NETWORKS, RESNET20.name: RESNET20, RESNET20_96.name: RESNET20_96}
