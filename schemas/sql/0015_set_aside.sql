-- What a halt is decided from, and what operators decide about many records at once.
ALTER TABLE consumer_outcomes ADD COLUMN set_aside text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN consumer_outcomes.set_aside IS 'What the last 50 records that count towards a halt were, and who wrote them: the halt''s reason.';
ALTER TABLE consumer_offsets ADD COLUMN excused_below bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN consumer_offsets.excused_below IS 'Records below this offset that are set aside do not count towards a halt: an operator has said so.';

-- Dead letters that an operator has decided about: they are not sent back, and not counted as waiting.
CREATE TABLE discarded_letters (
    cluster_id    text NOT NULL,
    topic_id      uuid NOT NULL,
    partition     integer NOT NULL,
    letter_offset bigint NOT NULL,
    processor     text NOT NULL,
    reason        text NOT NULL,
    discarded_by  text NOT NULL,
    discarded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster_id, topic_id, partition, letter_offset)
);
COMMENT ON TABLE discarded_letters IS 'Dead letters that an operator discarded, by their place on the dead letter topic, which keeps them until its retention ends.';

ALTER TABLE opt_out_parked ADD COLUMN writer text;
COMMENT ON COLUMN opt_out_parked.writer IS 'ours: one of our processes wrote the record; unknown: somebody else; none: parked before this was told.';
