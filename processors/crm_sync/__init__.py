"""crm_sync: contacts, notes, tags and opt-outs in the CRMs, each once, in order per contact.

`enqueue` turns events into deliveries in the offset's transaction; an outbox worker for each target works them off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from processors.crm_sync.delivery_queue import DeliveryQueue
from processors.crm_sync.destinations import places_of
from processors.crm_sync.enqueue import take_in
from processors.crm_sync.gauges import CrmGauges
from processors.crm_sync.notes import note_policy_of
from processors.crm_sync.port import CrmTarget
from processors.crm_sync.reconciler import Reconciler
from processors.crm_sync.settings import CrmSettings, CrmSyncSettings
from processors.crm_sync.text_queue import are_fetched, ask_for_texts, text_fetcher
from processors.crm_sync.work import Job
from processors.engine.periodic_tasks import periodic_task
from processors.engine.processor import Background, Delivery, Processor
from processors.outbox.rate_limiter import RateLimiter
from processors.outbox.worker import OutboxWorker
from processors.textus_api.settings import TextUsApiSettings, textus_budget
from runtime.postgres import Connection
from runtime.process import StopSignal
from runtime.settings import Configuration, Section
from schemas.topics import CALLS, CONTACTS, MESSAGES, OPT_OUT_STATE


class CrmSync(Processor[CrmSyncSettings]):
    """Orders what every event asks for at every target, and has it made so."""

    name = "crm-sync"
    topics = (MESSAGES, CONTACTS, CALLS, OPT_OUT_STATE)
    settings_type = CrmSyncSettings

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self._crm, self._textus = configuration[CrmSettings], configuration[TextUsApiSettings]
        self._places = places_of(self._crm.targets, lambda *_: configuration)
        self._names = [place.name for place in self._places]
        self._fetches = bool(self._names) and are_fetched(self._crm, self._textus)

    @classmethod
    def sections(cls) -> Sequence[type[Section]]:
        """See Processor.sections: those of the targets that are on."""
        targets = Configuration.load(CrmSettings)[CrmSettings].targets
        theirs = [type(place.settings) for place in places_of(targets)]
        return list(dict.fromkeys([CrmSettings, TextUsApiSettings, *theirs]))

    def handle(self, batch: Sequence[Delivery], connection: Connection) -> None:
        take_in(connection, [delivery.event for delivery in batch], self._names)
        if self._fetches:
            ask_for_texts(connection, self._crm)

    def background(self, connect: Callable[[], Connection], stop: StopSignal) -> Sequence[Background]:
        """See Processor.background. Raises ConfigurationError."""
        works = [periodic_task("gauges", connect, stop, CrmGauges(self._names))]
        if self._fetches:
            shared = textus_budget(self._textus)
            fetcher = text_fetcher(self._textus, shared, self._names, give_up_hours=self._crm.give_up_hours)
            works.append(fetcher.background(connect, stop, self.settings.stop_timeout))
        limiters: dict[type[CrmTarget[Any]], RateLimiter] = {}
        for place in self._places:
            if place.kind not in limiters:
                limiters[place.kind] = place.limiter(connect, stop.wait)
            worker = delivery_worker_of(place.target(limiters[place.kind]), self._crm)
            works.append(worker.background(connect, stop, self.settings.stop_timeout))
        return works


def delivery_worker_of(target: CrmTarget[Any], crm: CrmSettings) -> OutboxWorker[Job]:
    """The parts that one target's work needs, put together. Raises ConfigurationError."""
    queue = DeliveryQueue(
        target,
        note_policy_of(target, crm),
        max_failures=crm.max_failures,
        give_up_hours=crm.give_up_hours,
        look_after=crm.look_after,
    )
    return OutboxWorker(
        queue,
        Reconciler(target, repeats=crm.after_unknown == "at-least-once").apply,
        queue.circuit_breaker(failures=crm.breaker_failures, longest=crm.breaker_longest),
        at_once=crm.calls_at_once,
        ahead=crm.calls_at_once,
        look_after=crm.look_after,
        longest=crm.retry_longest,
    )
