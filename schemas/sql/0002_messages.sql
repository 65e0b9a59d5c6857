-- The order in which states win: failed > delivered > unknown > sent > received.
CREATE FUNCTION message_state_rank(state text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_position(ARRAY['received', 'sent', 'unknown', 'delivered', 'failed'], state);

-- The current state of every message: a fold of its events that does not depend on their order. The own_ columns
-- are the fold over the events of this very key; the failure_ columns are those of the one row of
-- message_failures that is joined here, if any; the database itself composes what people read from the two.
CREATE TABLE messages (
    message_key         text PRIMARY KEY,
    provider            text NOT NULL,
    account             text NOT NULL,
    contact_phone       text NOT NULL,
    account_phone       text,
    direction           text NOT NULL CHECK (direction IN ('in', 'out')),
    text                text,
    state               text NOT NULL GENERATED ALWAYS AS
        (CASE WHEN failure_at IS NULL THEN own_state ELSE 'failed' END) STORED,
    state_at            timestamptz NOT NULL GENERATED ALWAYS AS
        (CASE WHEN failure_at IS NULL THEN own_state_at
              WHEN own_state = 'failed' THEN LEAST(own_state_at, failure_at) ELSE failure_at END) STORED,
    provider_message_id text,
    conversation_id     text,
    custom_id           text GENERATED ALWAYS AS
        (GREATEST(own_custom_id COLLATE "C", failure_custom_id COLLATE "C")) STORED,
    failure_id          text GENERATED ALWAYS AS
        (GREATEST(own_failure_id COLLATE "C", failure_failure_id COLLATE "C")) STORED,
    sim_card_id         text,
    portal              boolean GENERATED ALWAYS AS
        (COALESCE(own_portal OR failure_portal, own_portal, failure_portal)) STORED,
    first_at            timestamptz NOT NULL GENERATED ALWAYS AS (LEAST(own_first_at, failure_at)) STORED,
    last_at             timestamptz NOT NULL GENERATED ALWAYS AS (GREATEST(own_last_at, failure_last_at)) STORED,
    updated_at          timestamptz NOT NULL DEFAULT now(),

    own_state           text CHECK (own_state IN ('received', 'sent', 'unknown', 'delivered', 'failed')),
    own_state_at        timestamptz,
    own_custom_id       text,
    own_failure_id      text,
    own_portal          boolean,
    own_first_at        timestamptz,
    own_last_at         timestamptz,
    sent_at             timestamptz,

    failure_key         text,
    failure_at          timestamptz,
    failure_custom_id   text,
    failure_failure_id  text,
    failure_portal      boolean,
    failure_last_at     timestamptz
);
COMMENT ON TABLE messages IS 'One row per message; state: failed > delivered > unknown > sent, or received. No tests.';
CREATE INDEX messages_by_phone ON messages (contact_phone, first_at);

-- Failures of messages that their provider does not number (TextLink). Each joins one row of messages: the one of
-- its own key, or, where nothing was told under that key, the newest sent message of the same phone, text and SIM
-- at or within 10 minutes before it that no other failure has, or a row of its own. This table keeps what the
-- choice is made from, so that the choice is the same in whatever order the events arrive.
CREATE TABLE message_failures (
    message_key   text PRIMARY KEY,
    provider      text NOT NULL,
    account       text NOT NULL,
    contact_phone text NOT NULL,
    account_phone text,
    text          text NOT NULL,
    sim_card_id   text,
    custom_id     text,
    failure_id    text,
    portal        boolean,
    failed_at     timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,
    joined_key    text
);
COMMENT ON TABLE message_failures IS 'Failures of messages without a provider''s number, and the message that each is joined to.';
CREATE INDEX message_failures_by_phone ON message_failures (contact_phone, failed_at);
