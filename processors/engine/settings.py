"""What can be set for every processor: HOOKLINE_<PROCESSOR>__..."""

from __future__ import annotations

from pydantic import Field

from runtime.settings import Host, Section


class ProcessorSettings(Section):
    """What every processor has; each processor's own file names its section and adds its own."""

    admin_host: Host = Field(default="127.0.0.1", description="address of /readyz, /metrics and /version")
    admin_port: int = Field(default=0, ge=0, le=65535, description="port of /readyz and /metrics; 0: a free one")
    batch_records: int = Field(default=2000, ge=1, le=20_000, description="records in one transaction at most")
    queued_batches: int = Field(default=3, ge=1, le=100, description="batches read ahead of the database")
    session_timeout: float = Field(
        default=15.0, ge=6.0, le=300.0, description="seconds without a sign of life until others get its partitions"
    )
    retry_max: float = Field(
        default=10.0, gt=0, le=3_600, description="seconds between two tries at most, unless told more"
    )
    stop_timeout: float = Field(
        default=25.0, gt=0, le=3_600, description="seconds to finish what is in flight when stopped"
    )
    recheck: float = Field(
        default=3.0,
        gt=0,
        le=3_600,
        description="seconds between looks at the stored positions, and at whether a halt was lifted",
    )
    batch_limit: float = Field(
        default=30.0,
        gt=0,
        le=86_400,
        description="seconds that a batch may take until the processor counts as not ready",
    )
