"""What Open MPI's launcher needs in a proof: root may run it, and more ranks than processors."""

from __future__ import annotations

ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1"}
