-- What operators of the console want done with dead letters: the processor that set them aside carries it out.
CREATE TABLE dead_letter_requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    processor    text NOT NULL,
    action       text NOT NULL CHECK (action IN ('redrive', 'discard')),
    disposition  text,
    error_class  text,
    writer       text CHECK (writer IN ('ours', 'unknown')),
    most         integer NOT NULL CHECK (most > 0),
    canary       integer CHECK (canary > 0),
    requested_by text NOT NULL,
    reason       text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stopped_by   text,
    state        text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'canary failed', 'stopped', 'failed')),
    attempts     integer NOT NULL DEFAULT 0,
    expected     integer,
    handled      integer NOT NULL DEFAULT 0,
    kept         integer NOT NULL DEFAULT 0,
    detail       text NOT NULL DEFAULT '',
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dead_letter_requests IS 'Redrives and discards of dead letters that operators asked for in the console, and how far each is.';
COMMENT ON COLUMN dead_letter_requests.disposition IS 'Only letters of this disposition; null: of any. So error_class and writer.';
COMMENT ON COLUMN dead_letter_requests.most IS 'Letters that it handles at most.';
COMMENT ON COLUMN dead_letter_requests.canary IS 'Letters of a redrive that go first: the others follow if none of them fails. Null: all go at once.';
COMMENT ON COLUMN dead_letter_requests.requested_by IS 'The name in the console''s users file.';
COMMENT ON COLUMN dead_letter_requests.stopped_by IS 'Who asked for its end before it was done.';
COMMENT ON COLUMN dead_letter_requests.attempts IS 'How often its process was started without coming to an end.';
COMMENT ON COLUMN dead_letter_requests.expected IS 'Letters that it was found to be about when its process began last; null: not known yet.';
COMMENT ON COLUMN dead_letter_requests.handled IS 'Letters sent back or discarded so far.';
COMMENT ON COLUMN dead_letter_requests.kept IS 'Letters of the selection that do not go back: sent back too often, incomplete, or refused by Kafka.';
COMMENT ON COLUMN dead_letter_requests.detail IS 'What it does or how it ended, for people, without personal data.';
CREATE INDEX dead_letter_requests_open ON dead_letter_requests (processor, id) WHERE state IN ('waiting', 'running');
