-- What operators of the console want brought back from a node's quarantine: the node carries it out.
CREATE TABLE quarantine_requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node         text NOT NULL,
    provider     text,
    refusal      text,
    most         integer NOT NULL CHECK (most > 0),
    requested_by text NOT NULL,
    reason       text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stopped_by   text,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'stopped', 'failed')),
    attempts     integer NOT NULL DEFAULT 0,
    expected     integer,
    handled      integer NOT NULL DEFAULT 0,
    kept         integer NOT NULL DEFAULT 0,
    detail       text NOT NULL DEFAULT '',
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE quarantine_requests IS 'Replays of refused webhooks that operators asked for in the console, and how far each is.';
COMMENT ON COLUMN quarantine_requests.node IS 'The node of ingest whose quarantine it is.';
COMMENT ON COLUMN quarantine_requests.provider IS 'Only webhooks of this provider; null: of any. So refusal, why they were refused.';
COMMENT ON COLUMN quarantine_requests.most IS 'Webhooks that it brings back at most.';
COMMENT ON COLUMN quarantine_requests.requested_by IS 'The name in the console''s users file.';
COMMENT ON COLUMN quarantine_requests.stopped_by IS 'Who asked for its end before it was done.';
COMMENT ON COLUMN quarantine_requests.attempts IS 'How often its process was started without coming to an end.';
COMMENT ON COLUMN quarantine_requests.expected IS 'Webhooks that it was found to be about when its process began last; null: not known yet.';
COMMENT ON COLUMN quarantine_requests.handled IS 'Webhooks brought back so far.';
COMMENT ON COLUMN quarantine_requests.kept IS 'Webhooks of the selection that do not verify, or cannot be read, now either.';
COMMENT ON COLUMN quarantine_requests.detail IS 'What it does or how it ended, for people, without personal data.';
CREATE INDEX quarantine_requests_open ON quarantine_requests (node, id) WHERE state IN ('waiting', 'running');
