"""What every `hookline dlq` command begins with: which processor is meant, and where its letters are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ops.commands import dlq_deliveries as deliveries
from ops.exits import CheckFailed

if TYPE_CHECKING:
    from processors.dead_letters.box import Box
    from processors.dead_letters.letter import Letter
    from runtime.connections import KafkaSettings


def kafka_settings() -> KafkaSettings:
    """How Kafka is reached. Raises ConfigurationError."""
    from ops.configuration import load
    from runtime.connections import KafkaSettings

    return load(KafkaSettings)[KafkaSettings]


def names_of(processor: str | None) -> list[str]:
    """The processor of this name, or all. Raises click's for one that does not exist."""
    from ops.processors import processor_names

    known = processor_names()
    if processor is None:
        return known
    if processor not in known:
        there = ", ".join([*known, *deliveries.sources()])
        raise click.BadParameter(f"{processor}: no such processor; there are {there}")
    return [processor]


class ProcessorParameter(click.ParamType[str]):
    """The name of a processor that exists."""

    name = "processor"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Raises click.BadParameter."""
        del param, ctx
        names_of(value)
        return value


class SourceParameter(ProcessorParameter):
    """The name of a processor that exists, or crm:TARGET."""

    name = "source"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Raises click.BadParameter."""
        return value if deliveries.target_of(value) is not None else super().convert(value, param, ctx)


PROCESSOR, SOURCE = ProcessorParameter(), SourceParameter()


def is_placed(options: dict[str, Any]) -> bool:
    """Whether one letter is asked for by its place."""
    if (options["partition"] is None) != (options["offset"] is None):
        raise click.UsageError("--partition and --offset go together")
    return options["offset"] is not None


def letter_at(box: Box, options: dict[str, Any]) -> list[Letter]:
    """The letter that is asked for by its place. Raises CheckFailed where there is none."""
    found = box.at(options["partition"], options["offset"])
    if not found:
        raise CheckFailed(f"dlq.{box.processor} holds no letter {options['partition']}/{options['offset']}")
    return found


def place_of(letter: Letter) -> str:
    """The letter's place, as people write it."""
    partition, offset = letter.place
    return f"{partition}/{offset}"
