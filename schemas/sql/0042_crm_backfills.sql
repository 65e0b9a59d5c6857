-- How far `hookline crm backfill` is. What it has done is in crm_deliveries: this is for people.
CREATE TABLE crm_backfills (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target     text NOT NULL,
    since      timestamptz,
    until      timestamptz,
    started_by text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expected   bigint NOT NULL,
    gone_through bigint NOT NULL DEFAULT 0,
    ordered    bigint NOT NULL DEFAULT 0,
    left_out   bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz
);
COMMENT ON TABLE crm_backfills IS 'Runs of hookline crm backfill, and how far each is.';
COMMENT ON COLUMN crm_backfills.since IS 'Events received from then on; null: all. So until, for those before.';
COMMENT ON COLUMN crm_backfills.started_by IS 'The user of the command''s machine.';
COMMENT ON COLUMN crm_backfills.expected IS 'Events without a delivery at the target, and opt-out states, when it began.';
COMMENT ON COLUMN crm_backfills.gone_through IS 'How many of these it has gone through.';
COMMENT ON COLUMN crm_backfills.ordered IS 'Deliveries that it has ordered; crm-sync makes their calls.';
COMMENT ON COLUMN crm_backfills.left_out IS 'Events of no provider that there is any more, or that PostgreSQL refused.';
COMMENT ON COLUMN crm_backfills.changed_at IS 'When it last told how far it is; long ago, and not ended: it was stopped, and may be run again.';
COMMENT ON COLUMN crm_backfills.ended_at IS 'When it had gone through everything; null: it has not.';
