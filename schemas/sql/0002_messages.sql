-- The current state of every message: a fold of its events that does not depend on their order.
CREATE TABLE messages (
    message_key         text PRIMARY KEY,
    provider            text NOT NULL,
    account             text NOT NULL,
    contact_phone       text NOT NULL,
    account_phone       text,
    direction           text NOT NULL CHECK (direction IN ('in', 'out')),
    text                text,
    state               text NOT NULL CHECK (state IN ('received', 'sent', 'unknown', 'delivered', 'failed')),
    state_at            timestamptz NOT NULL,
    provider_message_id text,
    conversation_id     text,
    custom_id           text,
    failure_id          text,
    sim_card_id         text,
    portal              boolean,
    first_at            timestamptz NOT NULL,
    last_at             timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE messages IS 'One row per message; state: failed > delivered > unknown > sent, or received. No tests.';
CREATE INDEX messages_by_phone ON messages (contact_phone, first_at);

-- A failed message of TextLink whose sent message was not told under the same key. It joins the newest sent
-- message of the same phone, text and SIM within the 10 minutes before it; this table keeps what the choice is
-- made from, so that the choice is the same in whatever order the events arrive.
CREATE TABLE unmatched_failures (
    message_key   text PRIMARY KEY,
    provider      text NOT NULL,
    contact_phone text NOT NULL,
    text          text NOT NULL,
    sim_card_id   text NOT NULL,
    failed_at     timestamptz NOT NULL,
    joined_key    text
);
COMMENT ON TABLE unmatched_failures IS 'Failed messages without a sent one of the same key, and the message each was joined to.';
CREATE INDEX unmatched_failures_by_phone ON unmatched_failures (contact_phone);
