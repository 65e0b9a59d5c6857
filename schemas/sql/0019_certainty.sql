-- What the gate has to know before it may say that a number is `in`: that every stop which was answered 200 some
-- seconds ago is in the ledger. All times here are PostgreSQL's own, so no other machine's clock matters.

-- Unlogged: two rows a second that are worthless a moment later. After a crash it is empty, and the gate unsure until
-- it is filled again.
CREATE UNLOGGED TABLE consumer_freshness (
    consumer_group   text NOT NULL,
    member           uuid NOT NULL,
    asked_at         timestamptz NOT NULL,
    topics           text[] NOT NULL,
    topic_ids        uuid[] NOT NULL,
    partition_counts integer[] NOT NULL,
    held_topic_ids   uuid[] NOT NULL,
    held_partitions  integer[] NOT NULL,
    caught_up_at     timestamptz[] NOT NULL,
    PRIMARY KEY (consumer_group, member)
) WITH (fillfactor = 20);
COMMENT ON TABLE consumer_freshness IS 'Up to when each member of a group has committed everything that was on its partitions; written twice a second.';
COMMENT ON COLUMN consumer_freshness.member IS 'A process, from its start to its end.';
COMMENT ON COLUMN consumer_freshness.asked_at IS 'When Kafka was last asked for the topics and the ends of their logs, and answered.';
COMMENT ON COLUMN consumer_freshness.topics IS 'The topics that the group reads.';
COMMENT ON COLUMN consumer_freshness.topic_ids IS 'Their ids.';
COMMENT ON COLUMN consumer_freshness.partition_counts IS 'How many partitions each has.';
COMMENT ON COLUMN consumer_freshness.held_topic_ids IS 'The topics of the partitions that the member vouches for.';
COMMENT ON COLUMN consumer_freshness.held_partitions IS 'Their numbers.';
COMMENT ON COLUMN consumer_freshness.caught_up_at IS 'For each, a time: all that Kafka had confirmed by then is committed.';

CREATE TABLE ingest_nodes (
    node           text PRIMARY KEY,
    spooled        bigint NOT NULL,
    oldest         timestamptz,
    heard_at       timestamptz NOT NULL,
    drained_at     timestamptz,
    stopped_at     timestamptz,
    retired_at     timestamptz,
    retired_reason text
);
COMMENT ON TABLE ingest_nodes IS 'What each node of ingest has in its spool: events that were answered 200 and are not on Kafka yet.';
COMMENT ON COLUMN ingest_nodes.node IS 'Kept in the spool''s directory: the spool is what matters.';
COMMENT ON COLUMN ingest_nodes.spooled IS 'Events that wait there, or that Kafka refused for good.';
COMMENT ON COLUMN ingest_nodes.oldest IS 'When the oldest that waits was spooled, by the node''s clock.';
COMMENT ON COLUMN ingest_nodes.heard_at IS 'When its spool was last looked at.';
COMMENT ON COLUMN ingest_nodes.drained_at IS 'When events had last left the spool for Kafka.';
COMMENT ON COLUMN ingest_nodes.stopped_at IS 'When it was stopped with an empty spool; nobody waits to hear from it.';
COMMENT ON COLUMN ingest_nodes.retired_at IS 'When an operator said that it is gone: what its spool held counts no more.';
COMMENT ON COLUMN ingest_nodes.retired_reason IS 'Why, in the operator''s words.';

-- One row. `caught_up_at` is null unless somebody vouches for every partition of every topic.
CREATE VIEW opt_out_certainty AS
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
    nodes.spooled, nodes.spooling_node, nodes.drained_at, nodes.heard_at AS nodes_heard_at, nodes.silent_node
FROM caught_up, nodes;
COMMENT ON VIEW opt_out_certainty IS 'Up to when every stop is in the ledger, and what keeps anybody from knowing.';
