"""other: as the target rest, somewhere else."""

from __future__ import annotations

from typing import ClassVar

from processors.crm_sync.targets.rest import RestSettings, RestTarget


class OtherSettings(RestSettings, name="crm_other"):
    """A second CRM."""


class OtherTarget(RestTarget):
    """A second CRM with a JSON API."""

    name: ClassVar[str] = "other"
    settings_type = OtherSettings
