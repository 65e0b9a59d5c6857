-- Up to when the topics are complete, one row a minute (sms.progress.v1 has the same).
CREATE TABLE topic_progress (
    at         timestamptz PRIMARY KEY,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    logs       jsonb NOT NULL
);
COMMENT ON TABLE topic_progress IS 'Up to when the topics are complete: a row a minute, while every node of ingest says that its spool is empty; kept for 90 days.';
COMMENT ON COLUMN topic_progress.at IS 'Every event that was answered 200 before this time is on its topic, below the ends in logs.';
COMMENT ON COLUMN topic_progress.written_at IS 'When that was found out, by PostgreSQL''s clock, as all times here.';
COMMENT ON COLUMN topic_progress.logs IS 'By topic: its id, and for each partition the first offset and the one after the last.';

-- What opt-out could not process and nobody has decided about: its place, and nothing of what it holds.
CREATE VIEW parked_records AS
SELECT p.topic, p.partition, p.record_offset
FROM opt_out_parked AS p LEFT JOIN opt_out_reviews AS r ON r.id = p.review_id
WHERE r.decision IS NULL;
COMMENT ON VIEW parked_records IS 'Where records stand that opt_out has parked, and about which nobody has decided yet.';

CREATE VIEW analytics.progress AS
SELECT p.at, p.written_at, p.logs,
    NOT EXISTS (
        SELECT FROM jsonb_each(p.logs) AS log (topic, facts),
            jsonb_array_elements(log.facts -> 'partitions') WITH ORDINALITY AS part (bounds, number)
        WHERE (part.bounds ->> 1)::bigint > COALESCE((
            SELECT max(o.next_offset) FROM public.consumer_offsets AS o
            WHERE o.consumer_group = 'hookline-persist' AND o.topic_id = (log.facts ->> 'topic_id')::uuid
                AND o.partition = part.number - 1
        ), (part.bounds ->> 0)::bigint)
    ) AS is_stored,
    (
        SELECT count(*) FROM public.parked_records AS k
        WHERE k.record_offset < (p.logs -> k.topic -> 'partitions' -> k.partition ->> 1)::bigint
    ) AS parked
FROM public.topic_progress AS p;
COMMENT ON VIEW analytics.progress IS 'Up to when the topics are complete, a row a minute. `hookline complete --at T` reads it.';
COMMENT ON COLUMN analytics.progress.at IS 'Every event that was answered 200 before this time is on its topic, below the ends in logs.';
COMMENT ON COLUMN analytics.progress.written_at IS 'When that was found out.';
COMMENT ON COLUMN analytics.progress.logs IS 'By topic: its id, and for each partition the first offset and the one after the last.';
COMMENT ON COLUMN analytics.progress.is_stored IS 'Whether all of these records are in the tables here too, or set aside as dead letters.';
COMMENT ON COLUMN analytics.progress.parked IS 'How many of these records opt-out could not process, and nobody has decided about yet.';

CREATE VIEW analytics.nodes AS
SELECT node, spooled, oldest, heard_at, stopped_at, retired_at FROM public.ingest_nodes;
COMMENT ON VIEW analytics.nodes IS 'The nodes of ingest: progress waits for each that spools or is silent.';
COMMENT ON COLUMN analytics.nodes.node IS 'Kept in the spool''s directory.';
COMMENT ON COLUMN analytics.nodes.spooled IS 'Events that were answered 200 and are not on Kafka yet.';
COMMENT ON COLUMN analytics.nodes.oldest IS 'When the oldest of them was spooled, by the node''s clock.';
COMMENT ON COLUMN analytics.nodes.heard_at IS 'When its spool was last looked at.';
COMMENT ON COLUMN analytics.nodes.stopped_at IS 'When it was stopped with an empty spool; nobody waits for it.';
COMMENT ON COLUMN analytics.nodes.retired_at IS 'When an operator said that it is gone; nobody waits for what its spool held.';
