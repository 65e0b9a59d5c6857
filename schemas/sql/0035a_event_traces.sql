-- Which trace an event belongs to, where traces are recorded: for the effects that follow, and for `hookline trace`.
-- A row for each group, so that no processor waits for another's transaction.
CREATE TABLE event_traces (
    event_id       uuid NOT NULL,
    consumer_group text NOT NULL,
    traceparent    text NOT NULL,
    PRIMARY KEY (event_id, consumer_group)
);
COMMENT ON TABLE event_traces IS 'The W3C trace of each event that a processor handled while it recorded traces (docs/tracing.md); goes with the event.';
COMMENT ON COLUMN event_traces.traceparent IS 'As the event''s record on Kafka had it: version, trace, span and flags.';
