-- Every event once, whatever became of it.
CREATE TABLE events (
    event_id      uuid PRIMARY KEY,
    event_type    text NOT NULL,
    provider      text NOT NULL,
    account       text NOT NULL,
    contact_phone text,
    phone_valid   boolean NOT NULL,
    account_phone text,
    occurred_at   timestamptz NOT NULL,
    time_valid    boolean NOT NULL,
    received_at   timestamptz NOT NULL,
    is_test       boolean NOT NULL,
    sanitised     boolean NOT NULL,
    payload       jsonb NOT NULL,
    stored_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE events IS 'Every event once, test and unrecognized ones included; payload is the provider''s JSON without the secret.';
CREATE INDEX events_by_phone ON events (contact_phone, occurred_at);
-- Rows arrive in about this order, so a block range index costs next to nothing.
CREATE INDEX events_by_receipt ON events USING brin (received_at);
