-- Which dead letters were sent back to the processor that set them aside, so that none is sent back twice.
CREATE TABLE redriven_letters (
    cluster_id    text NOT NULL,
    topic_id      uuid NOT NULL,
    partition     integer NOT NULL,
    letter_offset bigint NOT NULL,
    processor     text NOT NULL,
    redriven_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster_id, topic_id, partition, letter_offset)
);
COMMENT ON TABLE redriven_letters IS 'Dead letters that were sent back to their processor, by their place on the dead letter topic.';
