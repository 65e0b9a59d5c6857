-- How far each consumer group has come: the truth about progress, moved by compare-and-set in the transaction
-- that holds the effects.
CREATE TABLE consumer_offsets (
    consumer_group text NOT NULL,
    cluster_id     text NOT NULL,
    topic_id       uuid NOT NULL,
    partition      integer NOT NULL,
    topic          text NOT NULL,
    next_offset    bigint NOT NULL,
    lost_since     timestamptz,
    log_begin      bigint,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, cluster_id, topic_id, partition)
);
COMMENT ON TABLE consumer_offsets IS 'The next offset to read; a topic made anew has another topic_id and starts at its beginning.';
COMMENT ON COLUMN consumer_offsets.lost_since IS 'Since when next_offset is no place in the log: the partition is left alone until an operator decides.';
COMMENT ON COLUMN consumer_offsets.log_begin IS 'Where the log began when next_offset was found to be lost.';

-- Whether each of a group's last 100 records was set aside: 1, or done: 0. The newest is the last character.
-- Trailing zeros after a window without a 1 are not written down: they change no decision.
CREATE TABLE consumer_outcomes (
    consumer_group text PRIMARY KEY,
    recent         text NOT NULL DEFAULT '' CHECK (recent ~ '^[01]{0,100}$'),
    halted_at      timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE consumer_outcomes IS 'The last 100 outcomes of a group; with 50 or more set aside it halts until an operator resumes it.';

-- Records that made a processor fail: three times, and the record is set aside as poison.
CREATE TABLE consumer_failures (
    consumer_group  text NOT NULL,
    cluster_id      text NOT NULL,
    topic_id        uuid NOT NULL,
    partition       integer NOT NULL,
    record_offset   bigint NOT NULL,
    attempts        integer NOT NULL,
    error_class     text NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, cluster_id, topic_id, partition, record_offset)
);
COMMENT ON TABLE consumer_failures IS 'Records that a processor failed on, counted across restarts.';
