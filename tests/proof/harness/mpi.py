"""Open MPI's launcher in a proof: root may run it, and more ranks than processors."""

from __future__ import annotations

# The number of ranks follows.
LAUNCH = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np"]
