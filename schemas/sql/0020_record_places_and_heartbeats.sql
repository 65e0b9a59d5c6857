-- Where each event stood in Kafka, and how each process is. What was stored before has no place: nobody knows it.
ALTER TABLE events ADD COLUMN topic text;
ALTER TABLE events ADD COLUMN partition integer;
ALTER TABLE events ADD COLUMN "offset" bigint;
ALTER TABLE events ADD COLUMN message_key text;
COMMENT ON COLUMN events.topic IS 'The topic of the record that the event was stored from; null: stored before this was kept.';
COMMENT ON COLUMN events.partition IS 'Its partition.';
COMMENT ON COLUMN events."offset" IS 'Its offset there.';
COMMENT ON COLUMN events.message_key IS 'The message that the event is about, as in messages; null: about none, or stored before this was kept.';

-- Unlogged: rows that are worthless a minute later. After a crash of the database every process writes its own again.
CREATE UNLOGGED TABLE process_heartbeats (
    name       text NOT NULL,
    instance   text NOT NULL,
    node       text NOT NULL,
    version    text NOT NULL,
    state      text NOT NULL CHECK (state IN ('ready', 'not ready', 'stopped')),
    reason     text NOT NULL,
    facts      jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (name, instance)
) WITH (fillfactor = 50);
COMMENT ON TABLE process_heartbeats IS 'How each process is, written by itself every two seconds; one that says nothing is missing.';
COMMENT ON COLUMN process_heartbeats.instance IS 'A process, from its start to its end.';
COMMENT ON COLUMN process_heartbeats.node IS 'The host, or what ingest keeps in its spool''s directory.';
COMMENT ON COLUMN process_heartbeats.facts IS 'What only the process can know, such as what ingest has refused.';
COMMENT ON COLUMN process_heartbeats.at IS 'When it was last heard of, by PostgreSQL''s clock.';
