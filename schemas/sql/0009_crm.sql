-- What the CRMs are to know about a contact: a fold of its events, the same in whatever order they arrive. Its own
-- table, because persist may be behind: no processor waits for another.
CREATE TABLE crm_contacts (
    phone            text PRIMARY KEY,
    name             text,
    name_at          timestamptz,
    name_event       uuid,
    tag              text,
    tag_at           timestamptz,
    tag_event        uuid,
    tags             text[],
    tags_at          timestamptz,
    tags_event       uuid,
    business_name    text,
    business_name_at timestamptz,
    business_name_event uuid,
    provider_contact_id text,
    provider_contact_id_at timestamptz,
    provider_contact_id_event uuid,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    opt_out_state    text CHECK (opt_out_state IN ('out', 'in', 'hold')),
    opt_out_position bigint
);
COMMENT ON TABLE crm_contacts IS 'What the CRMs are to know about each phone: the folds of contacts and of opt-out states. No tests.';
COMMENT ON COLUMN crm_contacts.opt_out_state IS 'The newest state that the opt-out ledger has published; none: never heard of.';
COMMENT ON COLUMN crm_contacts.opt_out_position IS 'The row of the ledger behind it.';

-- What is to be noted about a message or a call: one note each, whatever becomes of the message.
CREATE TABLE crm_notes (
    note_key            text PRIMARY KEY,
    contact_phone       text NOT NULL,
    provider            text NOT NULL,
    account             text NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('message', 'call')),
    direction           text,
    text                text,
    state               text NOT NULL,
    provider_message_id text,
    first_at            timestamptz NOT NULL
);
COMMENT ON TABLE crm_notes IS 'One note per message or call, as the CRMs are to have it; state: failed > delivered > unknown > sent. No tests.';
COMMENT ON COLUMN crm_notes.note_key IS 'The message''s key, or call: and the event''s id.';

-- Work that leaves the house: an event that one target has not been brought in line with yet.
CREATE TABLE crm_deliveries (
    event_id         uuid NOT NULL,
    target           text NOT NULL,
    contact_phone    text NOT NULL,
    event_type       text NOT NULL,
    note_key         text,
    received_at      timestamptz NOT NULL,
    status           text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'dead')),
    detail           text,
    attempts         integer NOT NULL DEFAULT 0,
    failures         integer NOT NULL DEFAULT 0,
    doubtful         boolean NOT NULL DEFAULT false,
    first_attempt_at timestamptz,
    last_attempt_at  timestamptz,
    done_at          timestamptz,
    PRIMARY KEY (event_id, target)
);
COMMENT ON TABLE crm_deliveries IS 'One event for one CRM, in PostgreSQL until the CRM is in line with it. No tests.';
COMMENT ON COLUMN crm_deliveries.status IS 'pending; done; dead: failed for good, until it is redriven.';
COMMENT ON COLUMN crm_deliveries.attempts IS 'How often it was taken up; the number tells a worker from one that took it up later.';
COMMENT ON COLUMN crm_deliveries.failures IS 'Tries that failed while the target served others: too many of them, and it is dead.';
COMMENT ON COLUMN crm_deliveries.doubtful IS 'A call may have been made, and its outcome is not known: the target is asked before it is repeated.';
CREATE INDEX crm_deliveries_pending ON crm_deliveries (target, contact_phone, received_at, event_id) WHERE status = 'pending';
CREATE INDEX crm_deliveries_dead ON crm_deliveries (target, last_attempt_at) WHERE status = 'dead';

-- Each contact at each target is a lane: its deliveries are worked off one after the other, the oldest first.
CREATE TABLE crm_lanes (
    target          text NOT NULL,
    contact_phone   text NOT NULL,
    next_attempt_at timestamptz,
    PRIMARY KEY (target, contact_phone)
);
COMMENT ON TABLE crm_lanes IS 'One contact at one target: at most one of its deliveries is under way.';
COMMENT ON COLUMN crm_lanes.next_attempt_at IS 'When its oldest delivery may be taken up; the end of the lease while a worker is at it; none: nothing waits.';
CREATE INDEX crm_lanes_due ON crm_lanes (target, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What each target has of ours.
CREATE TABLE crm_links (
    target      text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('contact', 'note')),
    key         text NOT NULL,
    external_id text,
    remote_id   text,
    written     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (target, kind, key)
);
COMMENT ON TABLE crm_links IS 'Our contacts and notes as each target knows them: its ids, and what was last written there.';
COMMENT ON COLUMN crm_links.key IS 'A contact''s phone, or a note''s key.';
COMMENT ON COLUMN crm_links.external_id IS 'Of a note: the event id that it carries, fixed before the first call.';
COMMENT ON COLUMN crm_links.remote_id IS 'None while no call is known to have gone through.';
COMMENT ON COLUMN crm_links.written IS 'Of a contact: name, tags, opted_out; of a note: the digest of its text.';
CREATE INDEX crm_links_remote ON crm_links (target, kind, remote_id);

-- How each target is doing.
CREATE TABLE crm_targets (
    target       text PRIMARY KEY,
    paused_until timestamptz,
    reason       text,
    failures     integer NOT NULL DEFAULT 0,
    served_at    timestamptz
);
COMMENT ON TABLE crm_targets IS 'The breaker of each target, shared by all workers.';
COMMENT ON COLUMN crm_targets.paused_until IS 'Nothing is called until then, and then one delivery, as a probe; none: all goes well.';
COMMENT ON COLUMN crm_targets.failures IS 'Pauses in a row: each is longer than the one before.';
COMMENT ON COLUMN crm_targets.served_at IS 'The last time that a delivery was done there, or refused for good.';
