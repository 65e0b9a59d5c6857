-- The processes' role owns no table. It writes what it keeps in step; events are only ever added.
GRANT USAGE ON SCHEMA public TO hookline_app;
GRANT SELECT, INSERT ON events TO hookline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON messages, message_failures, contacts TO hookline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON consumer_offsets, consumer_outcomes, consumer_failures TO hookline_app;
-- Batches are staged in temporary tables.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO hookline_app', current_database()); END $$;
