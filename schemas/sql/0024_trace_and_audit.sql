-- What `hookline trace` and `hookline audit` are answered from.
ALTER TABLE events ADD COLUMN kafka_at timestamptz;
ALTER TABLE events ADD COLUMN spooled_at timestamptz;
COMMENT ON COLUMN events.kafka_at IS 'The timestamp of its record: when its producer handed it to Kafka; null: stored before this was kept.';
COMMENT ON COLUMN events.spooled_at IS 'When ingest wrote it to its spool, by the node''s clock; null: it went to Kafka directly.';

-- The records themselves are on the dead letter topics; this is what is asked about them without reading Kafka.
CREATE TABLE dead_letters (
    consumer_group text NOT NULL,
    topic_id       uuid NOT NULL,
    partition      integer NOT NULL,
    record_offset  bigint NOT NULL,
    topic          text NOT NULL,
    event_id       uuid,
    event_type     text,
    disposition    text NOT NULL,
    error_class    text NOT NULL,
    error_message  text NOT NULL,
    attempts       integer NOT NULL,
    ours           boolean NOT NULL,
    failed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic_id, partition, record_offset)
);
COMMENT ON TABLE dead_letters IS 'An index of what processors set aside on their dead letter topics, written in the transaction that moves the offset.';
COMMENT ON COLUMN dead_letters.topic_id IS 'With partition and record_offset: the place of the record that was set aside, not of its dead letter.';
COMMENT ON COLUMN dead_letters.topic IS 'The name of that topic; redrive.PROCESSOR where a record that was sent back failed again.';
COMMENT ON COLUMN dead_letters.event_id IS 'From its header ce_id; null where there is none.';
COMMENT ON COLUMN dead_letters.ours IS 'Whether one of our processes wrote the record, as far as it shows.';
CREATE INDEX dead_letters_by_event ON dead_letters (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX dead_letters_by_time ON dead_letters (failed_at);

CREATE TABLE data_reveals (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revealed_at timestamptz NOT NULL DEFAULT now(),
    revealed_by text NOT NULL,
    surface     text NOT NULL,
    event_ids   uuid[] NOT NULL,
    reason      text
);
COMMENT ON TABLE data_reveals IS 'Who has looked at personal data: rows are only added, before anything is shown.';
COMMENT ON COLUMN data_reveals.revealed_by IS 'The user of the command''s machine, or of the console.';
COMMENT ON COLUMN data_reveals.surface IS 'Where it was shown, such as hookline trace.';
COMMENT ON COLUMN data_reveals.event_ids IS 'The events whose phone, names and text were shown; empty: a stream, as reason says.';
COMMENT ON COLUMN data_reveals.reason IS 'Why, in the words of whoever looked; null: not given.';
CREATE TRIGGER data_reveals_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON data_reveals
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();

-- What ingest's nodes counted, before Kafka: the first number of an audit.
CREATE TABLE ingest_counts (
    node       text NOT NULL,
    epoch      text NOT NULL,
    minute     timestamptz NOT NULL,
    topic      text NOT NULL,
    durability text NOT NULL CHECK (durability IN ('kafka', 'spool')),
    events     bigint NOT NULL,
    first_seq  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    PRIMARY KEY (node, epoch, minute, topic, durability)
);
COMMENT ON TABLE ingest_counts IS 'Events that each worker of ingest answered 200, by minute, topic and where they were durable; reported by the node, whose own file is the source.';
COMMENT ON COLUMN ingest_counts.epoch IS 'The worker: the header hl-epoch of its records.';
COMMENT ON COLUMN ingest_counts.minute IS 'The minute of receipt, by the node''s clock: of events.received_at.';
COMMENT ON COLUMN ingest_counts.first_seq IS 'The lowest hl-seq among them.';
COMMENT ON COLUMN ingest_counts.last_seq IS 'The highest hl-seq among them.';
CREATE INDEX ingest_counts_by_minute ON ingest_counts (minute);

CREATE INDEX opt_out_parked_by_place ON opt_out_parked (topic, partition, record_offset);
