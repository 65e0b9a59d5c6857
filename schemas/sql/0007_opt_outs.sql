-- The history of every opt-out: rows are added, and nothing else ever happens to them. Each row holds the hash of
-- the one before it, so that a row that was changed, taken out or put in later is found by walking the chain.
CREATE TABLE opt_out_ledger (
    position        bigint PRIMARY KEY,
    phone           text NOT NULL,
    action          text NOT NULL CHECK (action IN ('out', 'in', 'hold', 'release', 'correction')),
    echo            boolean NOT NULL,
    tier            text,
    rule            text,
    rule_set        integer,
    actor           text NOT NULL,
    reason          text,
    provider        text,
    account         text,
    account_phone   text,
    event_id        uuid,
    message_id      text,
    effective_at    timestamptz NOT NULL,
    occurred_at     timestamptz,
    received_at     timestamptz NOT NULL,
    decided_at      timestamptz NOT NULL,
    deadline        timestamptz,
    event_hash      text,
    topic           text,
    partition       integer,
    record_offset   bigint,
    corrects        bigint REFERENCES opt_out_ledger (position),
    evidence_digest text,
    previous_hash   text NOT NULL,
    hash            text NOT NULL UNIQUE,
    UNIQUE (event_id, phone)
);
COMMENT ON TABLE opt_out_ledger IS 'Every opt-out, opt-in, hold, release and correction, hash-chained; rows are only ever added.';
COMMENT ON COLUMN opt_out_ledger.position IS 'From 1, without gaps: the place in the chain.';
COMMENT ON COLUMN opt_out_ledger.echo IS 'The provider told us of an opt-out that we had made there: no call follows.';
COMMENT ON COLUMN opt_out_ledger.actor IS 'contact, provider, clock, reconcile, parked, or operator:NAME.';
COMMENT ON COLUMN opt_out_ledger.effective_at IS 'When it was said, and never later than its receipt.';
COMMENT ON COLUMN opt_out_ledger.occurred_at IS 'The provider''s own time; none where it gave none that can be believed.';
COMMENT ON COLUMN opt_out_ledger.received_at IS 'When ingest took the webhook, or when a person or a clock decided.';
COMMENT ON COLUMN opt_out_ledger.deadline IS 'By when an opt-out has to be honoured everywhere, or a hold to be decided.';
COMMENT ON COLUMN opt_out_ledger.event_hash IS 'SHA-256 of the record that brought it, as Kafka has it.';
COMMENT ON COLUMN opt_out_ledger.corrects IS 'The row that a correction voids.';
COMMENT ON COLUMN opt_out_ledger.evidence_digest IS 'Salted SHA-256 of its evidence, which lies in opt_out_evidence.';
COMMENT ON COLUMN opt_out_ledger.hash IS 'SHA-256 of all other columns, previous_hash among them.';
CREATE INDEX opt_out_ledger_by_phone ON opt_out_ledger (phone, position);
CREATE INDEX opt_out_ledger_by_receipt ON opt_out_ledger (received_at);

-- What people wrote and their names, beside the ledger: it can be erased, and the chain still holds.
CREATE TABLE opt_out_evidence (
    digest    text PRIMARY KEY,
    salt      bytea NOT NULL,
    text      text,
    name      text
);
COMMENT ON TABLE opt_out_evidence IS 'The exact text and name behind a row of the ledger, found by its salted digest.';

-- Not even the owner changes these by accident.
CREATE FUNCTION opt_out_only_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER opt_out_ledger_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON opt_out_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();

-- Who may be texted: the fold of the ledger, made anew by `hookline opt-outs rebuild` with the same result.
CREATE TABLE opt_outs (
    phone         text PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('out', 'in', 'hold')),
    since         timestamptz NOT NULL,
    reason        text NOT NULL,
    position      bigint NOT NULL,
    last_position bigint NOT NULL,
    provider      text,
    account       text,
    updated_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE opt_outs IS 'The state of every phone that the ledger knows; no row means never heard of.';
COMMENT ON COLUMN opt_outs.position IS 'The row of the ledger that made it so.';
COMMENT ON COLUMN opt_outs.last_position IS 'The newest row of the phone in the ledger.';
CREATE INDEX opt_outs_by_state ON opt_outs (state, since);

-- What a person decides about, with a clock.
CREATE TABLE opt_out_reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('hold', 'out', 'unrecognized', 'parked')),
    phone       text,
    position    bigint REFERENCES opt_out_ledger (position),
    event_id    uuid,
    question    text NOT NULL,
    opened_at   timestamptz NOT NULL,
    due_at      timestamptz,
    decision    text CHECK (decision IN ('out', 'released', 'confirmed', 'voided', 'superseded', 'expired', 'seen')),
    decided_by  text,
    decided_at  timestamptz
);
COMMENT ON TABLE opt_out_reviews IS 'Questions about opt-outs that a person decides; a hold without an answer becomes an opt-out.';
COMMENT ON COLUMN opt_out_reviews.due_at IS 'When a hold without an answer becomes an opt-out; none: nothing happens by itself.';
CREATE INDEX opt_out_reviews_open ON opt_out_reviews (due_at) WHERE decision IS NULL;
CREATE INDEX opt_out_reviews_by_phone ON opt_out_reviews (phone) WHERE decision IS NULL;

-- Records that opt_out could not process, as they came.
CREATE TABLE opt_out_parked (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic            text NOT NULL,
    partition        integer NOT NULL,
    record_offset    bigint NOT NULL,
    record_timestamp bigint NOT NULL,
    key              bytea,
    value            bytea,
    headers          jsonb NOT NULL,
    disposition      text NOT NULL,
    error_class      text NOT NULL,
    error_message    text NOT NULL,
    attempts         integer NOT NULL,
    phone            text,
    review_id        bigint REFERENCES opt_out_reviews (id),
    parked_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE opt_out_parked IS 'Records that opt_out could not process, byte for byte; the phone that each names is on hold.';
COMMENT ON COLUMN opt_out_parked.headers IS 'Name and value of each header in hexadecimal, in their order.';
CREATE INDEX opt_out_parked_by_review ON opt_out_parked (review_id);

-- How far the ledger is published on sms.opt-out-state.v1.
CREATE TABLE opt_out_cursors (
    name     text PRIMARY KEY,
    position bigint NOT NULL
);
COMMENT ON TABLE opt_out_cursors IS 'How far readers of the ledger have come: state, the publisher of sms.opt-out-state.v1.';
INSERT INTO opt_out_cursors (name, position) VALUES ('state', 0);
