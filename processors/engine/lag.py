"""The thread that asks Kafka where the logs end, and says how far we are behind: whatever the consumer waits for."""

from __future__ import annotations

from collections.abc import Sequence

from processors.engine.positions import Positions
from runtime import logs, metrics
from runtime.kafka.consumer import Partition, Unanswered
from runtime.kafka.ends import EndsReader
from runtime.process import StopSignal
from runtime.reminder import Reminder

log = logs.logger("processors.engine.lag")

#: Seconds between two questions.
EVERY = 0.5


class LagWatch:
    """Notes the ends of the logs in `positions`, and exports the lag."""

    def __init__(
        self, processor: str, topics: Sequence[str], ends: EndsReader, positions: Positions, stop: StopSignal
    ) -> None:
        self._processor = processor
        self._topics = list(topics)
        self._ends = ends
        self._positions = positions
        self._stop = stop
        self._reminder = Reminder()
        self._exported: set[Partition] = set()

    def run(self) -> None:
        """Until it is time to stop."""
        try:
            while not self._stop.is_set():
                self.step()
                self._stop.wait(EVERY)
        finally:
            self._ends.close()

    def step(self) -> None:
        """Ask once, and export what follows; where Kafka does not answer the age grows all the same."""
        held = self._positions.held()
        try:
            self._positions.note(self._ends.ask(self._topics), held)
        except Unanswered as error:
            if self._reminder.due():
                log.warning("log_ends_unknown", reason=str(error))
        else:
            self._reminder.reset()
        lags = self._positions.lags()
        for partition, lag in lags.items():
            metrics.LAG.labels(*self._labels(partition)).set(lag.records)
            metrics.LAG_SECONDS.labels(*self._labels(partition)).set(round(lag.seconds, 3))
        for partition in self._exported - lags.keys():
            metrics.LAG.remove(*self._labels(partition))
            metrics.LAG_SECONDS.remove(*self._labels(partition))
        self._exported = set(lags)

    def _labels(self, partition: Partition) -> tuple[str, str, str]:
        return self._processor, partition.topic, str(partition.number)
