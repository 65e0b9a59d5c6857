-- What has to be known after PostgreSQL was restored from a copy, or Kafka was made anew.

-- The newest head of the ledger that is published outside of PostgreSQL. opt-out writes it again after a restore, from
-- its memory, from Kafka or from the file of heads, so the ledger can be compared with it.
CREATE TABLE opt_out_published (
    id                smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    position          bigint NOT NULL DEFAULT 0,
    accepted_position bigint NOT NULL DEFAULT 0,
    accepted_by       text,
    accepted_at       timestamptz
);
COMMENT ON TABLE opt_out_published IS 'One row: the newest head of the opt-out ledger that is published on Kafka or in the file of heads.';
COMMENT ON COLUMN opt_out_published.position IS 'Of the ledger''s row. A ledger that ends before it has lost rows.';
COMMENT ON COLUMN opt_out_published.accepted_position IS 'An operator has accepted that published rows up to this position are lost or differ.';
INSERT INTO opt_out_published DEFAULT VALUES;

CREATE OR REPLACE VIEW opt_out_certainty AS
WITH newest AS (
    SELECT asked_at, topics, topic_ids, partition_counts FROM consumer_freshness
    WHERE consumer_group = 'hookline-opt-out' AND asked_at <= clock_timestamp()
    ORDER BY asked_at DESC LIMIT 1
), expected AS (
    SELECT shape.topic_id, generate_series(0, shape.partitions - 1) AS partition
    FROM newest, unnest(newest.topic_ids, newest.partition_counts) AS shape (topic_id, partitions)
), vouched AS (
    SELECT claim.topic_id, claim.partition, max(claim.caught_up_at) AS caught_up_at
    FROM consumer_freshness AS member,
        unnest(member.held_topic_ids, member.held_partitions, member.caught_up_at)
            AS claim (topic_id, partition, caught_up_at)
    WHERE member.consumer_group = 'hookline-opt-out' AND claim.caught_up_at <= clock_timestamp()
    GROUP BY claim.topic_id, claim.partition
), caught_up AS (
    -- An aggregate passes over what is null, and so does `least`: both would name a time for what nobody vouches for.
    SELECT CASE WHEN bool_and(vouched.caught_up_at IS NOT NULL) THEN min(vouched.caught_up_at) END AS at
    FROM expected LEFT JOIN vouched USING (topic_id, partition)
), nodes AS (
    SELECT COALESCE(sum(spooled), 0)::bigint AS spooled, max(drained_at) AS drained_at,
        min(heard_at) FILTER (WHERE stopped_at IS NULL) AS heard_at,
        (array_agg(node ORDER BY spooled DESC, heard_at) FILTER (WHERE spooled > 0))[1] AS spooling_node,
        (array_agg(node ORDER BY heard_at) FILTER (WHERE stopped_at IS NULL))[1] AS silent_node
    FROM ingest_nodes WHERE retired_at IS NULL
)
SELECT clock_timestamp() AS read_at,
    CASE WHEN caught_up.at IS NOT NULL THEN least(caught_up.at, (SELECT asked_at FROM newest)) END AS caught_up_at,
    (SELECT topics FROM newest) AS topics,
    (SELECT halted_at FROM consumer_outcomes WHERE consumer_group = 'hookline-opt-out') AS halted_at,
    nodes.spooled, nodes.spooling_node, nodes.drained_at, nodes.heard_at AS nodes_heard_at, nodes.silent_node,
    -- The position that was published and that the ledger does not reach; null: it reaches all of them.
    (SELECT p.position FROM opt_out_published AS p WHERE p.position > p.accepted_position
        AND p.position > COALESCE((SELECT max(position) FROM opt_out_ledger), 0)) AS lost_position
FROM caught_up, nodes;

-- PostgreSQL went back to an older state. What was done at the CRMs in between is not in it.
CREATE TABLE restores (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted_by text NOT NULL
);
COMMENT ON TABLE restores IS 'Times that PostgreSQL was restored from a copy: calls for events of that span may have been made already.';
COMMENT ON COLUMN restores.since IS 'The moment that PostgreSQL went back to; -infinity: not known.';
COMMENT ON COLUMN restores.until IS 'When it was noticed: calls for events that were received later are made for the first time.';
COMMENT ON COLUMN restores.noted_by IS 'A consumer group that found its positions gone back, or an operator.';

CREATE FUNCTION mark_delivery_after_restore() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.doubtful := NEW.doubtful OR EXISTS (
        SELECT FROM restores WHERE NEW.received_at >= since AND NEW.received_at < until
    );
    RETURN NEW;
END $$;
CREATE TRIGGER crm_deliveries_after_restore BEFORE INSERT ON crm_deliveries
    FOR EACH ROW EXECUTE FUNCTION mark_delivery_after_restore();

-- Those that wait may have been made after the copy was taken, whenever their events were received.
CREATE FUNCTION doubt_pending_deliveries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE crm_deliveries SET doubtful = true WHERE status = 'pending' AND NOT doubtful;
    RETURN NULL;
END $$;
CREATE TRIGGER restores_doubt_deliveries AFTER INSERT ON restores
    FOR EACH STATEMENT EXECUTE FUNCTION doubt_pending_deliveries();

-- Compacted topics are filled from tables: one that was made anew lacks everything.
CREATE TABLE published_topics (
    topic      text PRIMARY KEY,
    cluster_id text NOT NULL,
    topic_id   uuid NOT NULL,
    changed_at timestamptz
);
COMMENT ON TABLE published_topics IS 'Where each compacted topic was last seen. Another cluster or topic id: it was made anew, and is filled again.';
COMMENT ON COLUMN published_topics.changed_at IS 'When it was last found to be another one; null: never.';
