-- One opt-out made true at one account of one target. Made in the transaction of the ledger's row.
CREATE TABLE enforcements (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone            text NOT NULL,
    target           text NOT NULL,
    account          text NOT NULL,
    position         bigint NOT NULL REFERENCES opt_out_ledger (position),
    status           text NOT NULL CHECK (status IN ('pending', 'done', 'failed', 'parked', 'cancelled')),
    detail           text,
    attempts         integer NOT NULL DEFAULT 0,
    deadline         timestamptz NOT NULL,
    next_attempt_at  timestamptz NOT NULL,
    leased_until     timestamptz,
    first_attempt_at timestamptz,
    last_attempt_at  timestamptz,
    done_at          timestamptz,
    UNIQUE (phone, target, account, position)
);
COMMENT ON TABLE enforcements IS 'One opt-out made true at one account of one target, in PostgreSQL until it is done.';
COMMENT ON COLUMN enforcements.status IS 'pending; done; failed: refused for good; parked: no number that can be told; cancelled: the phone is no longer out.';
COMMENT ON COLUMN enforcements.leased_until IS 'A worker is at it until then.';
CREATE INDEX enforcements_pending ON enforcements (target, next_attempt_at) WHERE status = 'pending';
CREATE INDEX enforcements_overdue ON enforcements (deadline) WHERE status IN ('pending', 'failed', 'parked');
CREATE INDEX enforcements_by_position ON enforcements (position);

-- The accounts of the organisation at each target.
CREATE TABLE target_accounts (
    target  text NOT NULL,
    account text NOT NULL,
    name    text,
    source  text NOT NULL CHECK (source IN ('api', 'hand')),
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (target, account)
);
COMMENT ON TABLE target_accounts IS 'Every account that an opt-out is to be true at: by the target''s API, read daily, or set by hand.';

-- When the accounts of a target were read, and when opt-outs were compared with it.
CREATE TABLE target_rounds (
    target  text NOT NULL,
    work    text NOT NULL CHECK (work IN ('accounts', 'reconcile')),
    done_at timestamptz NOT NULL,
    result  jsonb NOT NULL,
    PRIMARY KEY (target, work)
);
COMMENT ON TABLE target_rounds IS 'The last time that the accounts of a target were read, and that opt-outs were compared with it.';

-- How many requests an API still takes in its present window, shared by all processes that talk to it.
CREATE TABLE api_budgets (
    api           text PRIMARY KEY,
    allowed       integer NOT NULL,
    used          integer NOT NULL,
    in_flight     integer NOT NULL,
    granted_at    timestamptz,
    window_ends   timestamptz,
    urgent_until  timestamptz,
    blocked_until timestamptz
);
COMMENT ON TABLE api_budgets IS 'One request budget per API for all processes: what is used of the present window.';
COMMENT ON COLUMN api_budgets.used IS 'Requests granted in this window, or counted by the API itself, whichever is more.';
COMMENT ON COLUMN api_budgets.in_flight IS 'Requests granted and not yet reported.';
COMMENT ON COLUMN api_budgets.urgent_until IS 'Opt-outs wait: nothing else is granted until then.';
