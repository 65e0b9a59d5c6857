-- `hookline retention`: which days were audited, and up to when each kind of history has been deleted.
CREATE TABLE audited_days (
    day         date PRIMARY KEY,
    ok          boolean NOT NULL,
    accepted    bigint NOT NULL,
    on_topics   bigint NOT NULL,
    in_postgres bigint NOT NULL,
    missing     bigint NOT NULL,
    gaps        bigint NOT NULL,
    audited_at  timestamptz NOT NULL DEFAULT now(),
    accepted_by text,
    reason      text,
    CHECK ((accepted_by IS NULL) = (reason IS NULL))
);
COMMENT ON TABLE audited_days IS 'The last audit of each day (UTC, by receipt): events are deleted only where it found nothing missing, or a person has accepted it.';
COMMENT ON COLUMN audited_days.ok IS 'Whether nothing was missing and everything could be looked at.';
COMMENT ON COLUMN audited_days.missing IS 'Events on the topics that PostgreSQL did not have.';
COMMENT ON COLUMN audited_days.gaps IS 'Gaps between what ingest answered 200 and what is on the topics.';
COMMENT ON COLUMN audited_days.accepted_by IS 'Who has said that its events may go although the audit did not pass.';

CREATE TABLE retention_marks (
    history text PRIMARY KEY,
    before  timestamptz NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retention_marks IS 'Up to when each kind of history has been deleted.';

-- A day's rows are found without reading the whole table.
CREATE INDEX crm_deliveries_by_receipt ON crm_deliveries USING brin (received_at);
-- What is deleted is given back when a fiftieth of a table is dead, not a fifth.
ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE crm_deliveries SET (autovacuum_vacuum_scale_factor = 0.02);
