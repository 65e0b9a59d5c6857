-- What the notifier has told, and how often events usually come.
CREATE TABLE alarms (
    key        text NOT NULL,
    since      timestamptz NOT NULL,
    rule       text NOT NULL,
    severity   text NOT NULL CHECK (severity IN ('page', 'ticket')),
    summary    text NOT NULL,
    cause      text NOT NULL,
    command    text NOT NULL,
    runbook    text NOT NULL,
    seen_at    timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    over_at    timestamptz,
    sent       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (key, since)
);
COMMENT ON TABLE alarms IS 'Alarms of the notifier, each from its beginning to its end.';
COMMENT ON COLUMN alarms.key IS 'The rule and what it is about: the same for as long as it is the same alarm.';
COMMENT ON COLUMN alarms.since IS 'When the condition began to hold.';
COMMENT ON COLUMN alarms.seen_at IS 'When it was last seen to hold, as of the last change of this row.';
COMMENT ON COLUMN alarms.over_at IS 'When it was over; null: it is on.';
COMMENT ON COLUMN alarms.sent IS 'By target of the notifier: on or over, the last that it was sent.';
CREATE INDEX alarms_by_change ON alarms (changed_at);

CREATE TABLE event_rhythms (
    provider     text NOT NULL,
    event_type   text NOT NULL,
    hour         timestamptz NOT NULL,
    arrivals     integer NOT NULL,
    longest_gap  real NOT NULL,
    last_arrival timestamptz,
    PRIMARY KEY (provider, event_type, hour)
);
COMMENT ON TABLE event_rhythms IS 'How often events came in each of the last hours, four weeks back: what silence is judged by.';
COMMENT ON COLUMN event_rhythms.arrivals IS 'Minutes of the hour with an event.';
COMMENT ON COLUMN event_rhythms.longest_gap IS 'Seconds: the longest gap between two such minutes that touched the hour.';
COMMENT ON COLUMN event_rhythms.last_arrival IS 'The last such minute; null: the hour had none.';
