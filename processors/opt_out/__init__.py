"""opt_out: every way a person says stop, made true everywhere, with the proof kept."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from processors.engine.periodic_tasks import periodic_task
from processors.engine.processor import Background, Delivery, Processor, SetAside
from processors.engine.published_topic import PublishedTopicWatch, kafka_place
from processors.opt_out import parking, reviews
from processors.opt_out.accounts import AccountsReader
from processors.opt_out.classifier import classifier
from processors.opt_out.clock import HoldClock
from processors.opt_out.enforcement_queue import enforcer_of
from processors.opt_out.gauges import OptOutGauges
from processors.opt_out.head_publication import HeadPublication, filed_lines, genuine_heads, published_lines
from processors.opt_out.heads import HeadSigner, HeadVerifier, SignedHead
from processors.opt_out.ledger import Ledger, lock, utc_now
from processors.opt_out.phone_join import PhoneJoin
from processors.opt_out.provider_facts import provider_facts
from processors.opt_out.publication import Publication, start_over
from processors.opt_out.reading import read
from processors.opt_out.reconcile import OptOutReconciler
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.target import target_types
from processors.outbox.rate_limiter import BudgetLimiter, PrepaidLimiter
from runtime import logs, metrics
from runtime.connections import KafkaSettings
from runtime.kafka.clients import producer_of
from runtime.postgres import Connection
from runtime.process import StopSignal
from runtime.schema_registry import SchemaRegistrySettings, codec
from runtime.settings import Configuration, Section
from schemas.topics import MESSAGES, OPT_OUT_STATE, OPT_OUTS, UNRECOGNIZED

log = logs.logger("processors.opt_out")


class OptOutProcessor(Processor[OptOutSettings]):
    """Reads every text for a stop, writes the ledger, and makes each opt-out true at every target.

    What it cannot process is parked with its phone on hold, in the offset's transaction: nothing is skipped, and
    nothing waits behind it.
    """

    name = "opt-out"
    topics = (MESSAGES, OPT_OUTS, UNRECOGNIZED)
    settings_type = OptOutSettings
    tells_freshness = True  # the gate relies on it

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self._classifier = classifier(frozenset(self.settings.languages))
        self._ledger = Ledger(self.settings)

    @classmethod
    def sections(cls) -> Sequence[type[Section]]:
        return [kind.settings_type for kind in target_types().values()]

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        facts = provider_facts(connection)
        found = [read(delivery, self._classifier, self.settings.default_region, facts) for delivery in batch]
        drafts = [draft for reading in found for draft in reading.drafts]
        for entry in self._ledger.append(connection, drafts):
            metrics.OPT_OUTS_RECORDED.labels(entry.action, entry.actor, entry.tier or "").inc()
        questions = [reading.question for reading in found if reading.question is not None]
        if questions:
            lock(connection)
        for question in questions:
            reviews.ask_without_phone(connection, question.event_id, question.text, utc_now())

    def park(self, aside: SetAside, connection: Connection) -> bool:
        """Always: an opt-out that cannot be read is no dead letter."""
        parking.park(connection, self._ledger, aside, self.settings.default_region)
        metrics.OPT_OUT_PARKED.labels(aside.disposition).inc()
        log.error("parked", disposition=aside.disposition, error_class=aside.error_class, topic=aside.record.topic)
        return True

    def background(self, connect: Callable[[], Connection], stop: StopSignal) -> Sequence[Background]:
        """See Processor.background. Raises ConfigurationError."""
        own, configuration = self.settings, self.configuration
        producer = producer_of(configuration[KafkaSettings], f"hookline-opt-out-state-{os.getpid()}")
        publication = Publication(producer, codec(configuration[SchemaRegistrySettings]))
        place = partial(
            kafka_place, configuration[KafkaSettings], OPT_OUT_STATE.name, f"hookline-opt-out-place-{os.getpid()}"
        )
        works = [
            periodic_task("publish", connect, stop, publication),
            periodic_task("state-topic", connect, stop, PublishedTopicWatch(OPT_OUT_STATE.name, place, start_over)),
            periodic_task("clock", connect, stop, HoldClock(self._ledger)),
            periodic_task("gauges", connect, stop, OptOutGauges(near=timedelta(hours=own.near_deadline_hours))),
        ]
        if own.phone_peppers:
            works.append(periodic_task("join", connect, stop, PhoneJoin(self._ledger, own.peppers())))
        else:
            log.warning("phones_in_the_chain", effect="a phone cannot be erased from the ledger without breaking it")
        heads = self._heads(configuration[KafkaSettings])
        if heads is not None:
            works.append(periodic_task("heads", connect, stop, heads))
        for name, kind in target_types().items():
            settings = configuration[kind.settings_type]
            if not kind.is_used(settings):
                log.warning("target_not_configured", target=name, effect="opt-outs are kept, and not told there")
                continue
            budget, prepaid = kind.budget(settings), PrepaidLimiter()
            target = kind.configured(settings, prepaid)
            enforcer = enforcer_of(target, budget, prepaid, calls_at_once=own.calls_at_once)
            works.append(enforcer.background(connect, stop, own.stop_timeout))
            reader = kind.configured(settings, BudgetLimiter(budget, connect, stop.wait, urgent=True))
            every = timedelta(hours=own.accounts_hours)
            works.append(periodic_task(f"accounts-{name}", connect, stop, AccountsReader(reader, every=every)))
            if own.reconcile_hours:
                asker = kind.configured(settings, BudgetLimiter(budget, connect, stop.wait))
                every = timedelta(hours=own.reconcile_hours)
                works.append(
                    periodic_task(
                        f"reconcile-{name}", connect, stop, OptOutReconciler(asker, self._ledger, every=every)
                    )
                )
        return works

    def _heads(self, kafka: KafkaSettings) -> HeadPublication | None:
        """What publishes the ledger's heads; None where there is no key to sign them with."""
        own = self.settings
        if not own.head_keys:
            log.warning("heads_not_signed", effect="what an owner of the database does to the ledger is not found")
            return None
        verifier = HeadVerifier(own.all_head_public_keys())

        def published() -> Iterator[SignedHead]:
            return genuine_heads(verifier, itertools.chain(published_lines(kafka), filed_lines(own.heads_file)))

        producer = producer_of(kafka, f"hookline-opt-out-heads-{os.getpid()}")
        return HeadPublication(HeadSigner(own.head_keys[0].get_secret_value()), producer, published, own.heads_file)
