-- Which messages have changed since their state was last published (sms.message-state.v1): a row a statement that
-- changed any, whoever it was. A trigger writes it, so that no writer can forget it.
CREATE TABLE message_changes (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_keys text[] NOT NULL
);
COMMENT ON TABLE message_changes IS 'Messages whose new state is to be published on sms.message-state.v1; a row goes once Kafka has it.';
COMMENT ON COLUMN message_changes.message_keys IS 'Their keys in messages; one that is not there any more was joined to another message.';

CREATE FUNCTION note_message_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO message_changes (message_keys)
    SELECT array_agg(message_key) FROM changed HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER note_inserted AFTER INSERT ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_message_changes();
CREATE TRIGGER note_updated AFTER UPDATE ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_message_changes();
CREATE TRIGGER note_deleted AFTER DELETE ON messages REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note_message_changes();

-- The state of every message that is there already.
INSERT INTO message_changes (message_keys)
SELECT array_agg(message_key) FROM (
    SELECT message_key, (row_number() OVER (ORDER BY message_key) - 1) / 500 AS part FROM messages
) AS parted
GROUP BY part ORDER BY part;

-- A contact is a row as soon as it is heard of, whether or not anybody told its name or tag.
INSERT INTO contacts (phone)
SELECT DISTINCT contact_phone FROM events WHERE NOT is_test AND contact_phone IS NOT NULL
ON CONFLICT (phone) DO NOTHING;
COMMENT ON TABLE contacts IS 'One row per phone that any event named; every field beside the time and the id of the event that it is from. No tests.';

COMMENT ON COLUMN messages.message_key IS 'TextUs: the message''s id. TextLink: made from phone, text, time and SIM.';
COMMENT ON COLUMN messages.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN messages.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN messages.contact_phone IS 'The contact''s phone: E.164 where possible, else as it came.';
COMMENT ON COLUMN messages.account_phone IS 'Our own number, E.164 where possible; null where no webhook carries it (TextLink).';
COMMENT ON COLUMN messages.direction IS 'in or out.';
COMMENT ON COLUMN messages.text IS 'The message''s body; null where no webhook had it.';
COMMENT ON COLUMN messages.state IS 'failed, delivered, unknown, sent or received: the one that wins over the message''s events, whatever their order.';
COMMENT ON COLUMN messages.state_at IS 'The earliest time of that state, by the provider''s clock.';
COMMENT ON COLUMN messages.provider_message_id IS 'TextUs: the message''s id, as it came.';
COMMENT ON COLUMN messages.conversation_id IS 'TextUs: the conversation''s id, as it came.';
COMMENT ON COLUMN messages.custom_id IS 'TextLink: the id that the sender gave.';
COMMENT ON COLUMN messages.failure_id IS 'TextLink: textlink_id, which only a failed message has.';
COMMENT ON COLUMN messages.sim_card_id IS 'TextLink: the SIM that sent it.';
COMMENT ON COLUMN messages.portal IS 'TextLink: whether it was sent from its portal.';
COMMENT ON COLUMN messages.first_at IS 'The time of the message''s first event, by the provider''s clock.';
COMMENT ON COLUMN messages.last_at IS 'The time of its last event.';
COMMENT ON COLUMN messages.updated_at IS 'When this row was last written.';
COMMENT ON COLUMN messages.sent_at IS 'The time of the first event that said sent; null: none did.';
COMMENT ON COLUMN messages.own_state IS 'Private to persist: the state by the events of this very key; null: the row stands for a failure alone.';
COMMENT ON COLUMN messages.own_state_at IS 'Private to persist: the earliest time of own_state.';
COMMENT ON COLUMN messages.own_custom_id IS 'Private to persist: custom_id by the events of this very key.';
COMMENT ON COLUMN messages.own_failure_id IS 'Private to persist: failure_id by the events of this very key.';
COMMENT ON COLUMN messages.own_portal IS 'Private to persist: portal by the events of this very key.';
COMMENT ON COLUMN messages.own_first_at IS 'Private to persist: first_at by the events of this very key.';
COMMENT ON COLUMN messages.own_last_at IS 'Private to persist: last_at by the events of this very key.';
COMMENT ON COLUMN messages.failure_key IS 'Private to persist: the failure in message_failures that is joined to this message.';
COMMENT ON COLUMN messages.failure_at IS 'Private to persist: its time.';
COMMENT ON COLUMN messages.failure_custom_id IS 'Private to persist: its custom_id.';
COMMENT ON COLUMN messages.failure_failure_id IS 'Private to persist: its failure_id.';
COMMENT ON COLUMN messages.failure_portal IS 'Private to persist: its portal.';
COMMENT ON COLUMN messages.failure_last_at IS 'Private to persist: the time of its last event.';

-- What analysts read: views of their own, whose names and columns stay while the tables behind them change. The role
-- hookline_reader sees this schema and nothing else. Every comment on a column that the topics have too is the field's
-- own text (schemas/avro).
CREATE TABLE sim_numbers (
    sim_card_id text PRIMARY KEY,
    phone       text NOT NULL
);
COMMENT ON TABLE sim_numbers IS 'Our own number of each SIM of TextLink, as the setting HOOKLINE_PERSIST__SIM_NUMBERS gives it: no webhook carries it.';
COMMENT ON COLUMN sim_numbers.phone IS 'As the setting has it.';

CREATE SCHEMA analytics;

CREATE VIEW analytics.messages AS
SELECT m.message_key, m.provider, m.account, m.contact_phone, COALESCE(m.account_phone, s.phone) AS own_phone,
    m.direction, m.text, m.state, m.state_at, m.sent_at, m.provider_message_id, m.conversation_id, m.custom_id,
    m.failure_id, m.sim_card_id, m.portal, m.first_at, m.last_at, m.updated_at
FROM public.messages AS m LEFT JOIN public.sim_numbers AS s ON s.sim_card_id = m.sim_card_id;

CREATE VIEW analytics.events AS
SELECT event_id, event_type, provider, account, contact_phone, phone_valid, account_phone, occurred_at, time_valid,
    received_at, is_test, sanitised, message_key,
    CASE WHEN event_type LIKE 'message.%' THEN substr(event_type, 9) END AS state,
    CASE WHEN provider = 'textlink' AND jsonb_typeof(payload -> 'tag') = 'string' THEN payload ->> 'tag' END AS tag,
    payload, topic, partition, "offset", stored_at
FROM public.events;

CREATE VIEW analytics.contacts AS
SELECT c.phone, c.name, c.tag, c.tags, c.business_name, c.provider_contact_id,
    (SELECT min(e.occurred_at) FROM public.events AS e WHERE e.contact_phone = c.phone AND NOT e.is_test) AS first_at,
    (SELECT max(e.occurred_at) FROM public.events AS e WHERE e.contact_phone = c.phone AND NOT e.is_test) AS last_at,
    o.state AS opt_out_state, o.since AS opt_out_since
FROM public.contacts AS c LEFT JOIN public.opt_outs AS o ON o.phone = c.phone;

CREATE VIEW analytics.tag_changes AS
SELECT event_id, provider, account, contact_phone, occurred_at AS changed_at, tag, previous_tag
FROM (
    SELECT event_id, provider, account, contact_phone, occurred_at, nullif(tag, '') AS tag,
        lag(nullif(tag, '')) OVER (PARTITION BY contact_phone ORDER BY occurred_at, event_id) AS previous_tag
    FROM analytics.events WHERE tag IS NOT NULL AND NOT is_test AND contact_phone IS NOT NULL
) AS told
WHERE tag IS DISTINCT FROM previous_tag;

CREATE VIEW analytics.replies AS
SELECT r.message_key, r.provider, r.account, r.contact_phone, r.first_at AS replied_at, s.message_key AS answered_key,
    s.first_at AS sent_at, extract(epoch FROM r.first_at - s.first_at)::float8 AS response_seconds,
    row_number() OVER (PARTITION BY s.message_key ORDER BY r.first_at, r.message_key) = 1 AS is_first
FROM public.messages AS r CROSS JOIN LATERAL (
    SELECT s.message_key, s.first_at FROM public.messages AS s
    WHERE s.contact_phone = r.contact_phone AND s.direction = 'out' AND s.first_at <= r.first_at
        AND s.provider = r.provider AND s.account = r.account
    ORDER BY s.first_at DESC, s.message_key DESC LIMIT 1
) AS s
WHERE r.direction = 'in';

CREATE VIEW analytics.accounts AS
SELECT provider, account, count(DISTINCT contact_phone) AS contacts,
    count(*) FILTER (WHERE direction = 'in') AS messages_in, count(*) FILTER (WHERE direction = 'out') AS messages_out,
    count(*) FILTER (WHERE direction = 'out' AND state = 'failed') AS failed,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM public.messages GROUP BY provider, account;

CREATE VIEW analytics.sims AS
SELECT sim_card_id, n.phone, COALESCE(m.messages_out, 0) AS messages_out, COALESCE(m.failed, 0) AS failed,
    m.failed::float8 / m.messages_out AS failure_rate, m.first_at, m.last_at
FROM (
    SELECT sim_card_id, count(*) AS messages_out, count(*) FILTER (WHERE state = 'failed') AS failed,
        min(first_at) AS first_at, max(last_at) AS last_at
    FROM public.messages WHERE sim_card_id IS NOT NULL AND direction = 'out' GROUP BY sim_card_id
) AS m FULL JOIN public.sim_numbers AS n USING (sim_card_id);

CREATE VIEW analytics.daily AS
WITH texts AS (
    SELECT (m.first_at AT TIME ZONE 'UTC')::date AS day, m.provider, m.account,
        count(*) FILTER (WHERE m.direction = 'in') AS messages_in,
        count(*) FILTER (WHERE m.direction = 'out') AS messages_out,
        count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'failed') AS failed,
        count(DISTINCT m.contact_phone) FILTER (WHERE m.direction = 'out') AS contacts_texted,
        count(r.answered_key) AS answered
    FROM public.messages AS m
    LEFT JOIN analytics.replies AS r ON r.answered_key = m.message_key AND r.is_first
    GROUP BY 1, 2, 3
), outs AS (
    SELECT (effective_at AT TIME ZONE 'UTC')::date AS day, provider, account, count(DISTINCT phone) AS opt_outs
    FROM public.opt_out_ledger WHERE action = 'out' AND NOT echo AND provider IS NOT NULL GROUP BY 1, 2, 3
)
SELECT day, provider, account, COALESCE(messages_in, 0) AS messages_in, COALESCE(messages_out, 0) AS messages_out,
    COALESCE(delivered, 0) AS delivered, COALESCE(failed, 0) AS failed,
    COALESCE(contacts_texted, 0) AS contacts_texted, COALESCE(answered, 0) AS answered,
    COALESCE(opt_outs, 0) AS opt_outs
FROM texts FULL JOIN outs USING (day, provider, account);

COMMENT ON VIEW analytics.messages IS 'One row per message. No tests. The table messages, without what is private to persist, and with our own number of a TextLink SIM.';
COMMENT ON COLUMN analytics.messages.message_key IS 'One message has one, whatever its provider; also the record''s key.';
COMMENT ON COLUMN analytics.messages.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.messages.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.messages.contact_phone IS 'The contact''s phone: E.164 where possible, else as it came.';
COMMENT ON COLUMN analytics.messages.own_phone IS 'Our own number: account_phone where the webhook carries it, else the number that HOOKLINE_PERSIST__SIM_NUMBERS gives its SIM.';
COMMENT ON COLUMN analytics.messages.direction IS 'in or out.';
COMMENT ON COLUMN analytics.messages.text IS 'The message''s body; null where no webhook had it.';
COMMENT ON COLUMN analytics.messages.state IS 'failed, delivered, unknown, sent or received: the one that wins, in this order, whatever the order of events.';
COMMENT ON COLUMN analytics.messages.state_at IS 'The earliest time of that state, by the provider''s clock, UTC.';
COMMENT ON COLUMN analytics.messages.sent_at IS 'The time of the first event that said sent; null: none did.';
COMMENT ON COLUMN analytics.messages.provider_message_id IS 'TextUs: the message''s id, as it came.';
COMMENT ON COLUMN analytics.messages.conversation_id IS 'TextUs: the conversation''s id, as it came.';
COMMENT ON COLUMN analytics.messages.custom_id IS 'TextLink: the id that the sender gave.';
COMMENT ON COLUMN analytics.messages.failure_id IS 'TextLink: textlink_id, which only a failed message has.';
COMMENT ON COLUMN analytics.messages.sim_card_id IS 'TextLink: the SIM that sent it.';
COMMENT ON COLUMN analytics.messages.portal IS 'TextLink: whether it was sent from its portal.';
COMMENT ON COLUMN analytics.messages.first_at IS 'The time of the message''s first event, UTC.';
COMMENT ON COLUMN analytics.messages.last_at IS 'The time of its last event, UTC.';
COMMENT ON COLUMN analytics.messages.updated_at IS 'When this row was last written.';
COMMENT ON VIEW analytics.events IS 'Every event once, tests and unrecognized ones included: the long memory, where topics keep theirs for the retention only.';
COMMENT ON COLUMN analytics.events.event_id IS 'The same for every repeat of one delivery; deduplicate by it.';
COMMENT ON COLUMN analytics.events.event_type IS 'What happened, such as message.received; also the header ce_type.';
COMMENT ON COLUMN analytics.events.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.events.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.events.contact_phone IS 'The contact''s phone and the record''s key: E.164 where possible, else as it came.';
COMMENT ON COLUMN analytics.events.phone_valid IS 'False: not a possible phone number, kept as it came.';
COMMENT ON COLUMN analytics.events.account_phone IS 'Our own number, E.164 where possible.';
COMMENT ON COLUMN analytics.events.occurred_at IS 'The provider''s time, UTC; the receipt where it gave none or an odd one.';
COMMENT ON COLUMN analytics.events.time_valid IS 'False: the provider''s time was unreadable or outside 2000 .. receipt + 1 day.';
COMMENT ON COLUMN analytics.events.received_at IS 'When Hookline took the webhook, UTC.';
COMMENT ON COLUMN analytics.events.is_test IS 'True: sent by the provider''s test button.';
COMMENT ON COLUMN analytics.events.sanitised IS 'True: NUL, lone surrogates or integers beyond 63 bits were replaced.';
COMMENT ON COLUMN analytics.events.message_key IS 'The message that the event is about, as the event has it: TextLink''s failed may have another than its sent, where messages has one row.';
COMMENT ON COLUMN analytics.events.state IS 'What the event says of its message: received, sent, delivered, failed or unknown; null: it is about none.';
COMMENT ON COLUMN analytics.events.tag IS 'TextLink: the contact''s tag where the webhook carries it; empty removes it; null: not told.';
COMMENT ON COLUMN analytics.events.payload IS 'The provider''s JSON without the secret.';
COMMENT ON COLUMN analytics.events.topic IS 'The topic of its record; null: stored before this was kept.';
COMMENT ON COLUMN analytics.events.partition IS 'The record''s partition there.';
COMMENT ON COLUMN analytics.events."offset" IS 'The record''s offset there.';
COMMENT ON COLUMN analytics.events.stored_at IS 'When it was stored here.';
COMMENT ON VIEW analytics.contacts IS 'One row per phone that any event named. No tests.';
COMMENT ON COLUMN analytics.contacts.phone IS 'The contact''s phone: E.164 where possible, else as it came.';
COMMENT ON COLUMN analytics.contacts.name IS 'The contact''s name; null: not told.';
COMMENT ON COLUMN analytics.contacts.tag IS 'TextLink: the contact''s only tag; null: not told; empty removes it.';
COMMENT ON COLUMN analytics.contacts.tags IS 'TextUs: the contact''s tags; null: not told; empty removes them all.';
COMMENT ON COLUMN analytics.contacts.business_name IS 'TextUs: the contact''s business.';
COMMENT ON COLUMN analytics.contacts.provider_contact_id IS 'TextUs: the contact''s id, as it came.';
COMMENT ON COLUMN analytics.contacts.first_at IS 'The time of the first event that names the phone, UTC.';
COMMENT ON COLUMN analytics.contacts.last_at IS 'The time of the last event that names it, UTC.';
COMMENT ON COLUMN analytics.contacts.opt_out_state IS 'out, hold or in, by the opt-out ledger; null: it never heard of the phone.';
COMMENT ON COLUMN analytics.contacts.opt_out_since IS 'Since when it is so, UTC.';
COMMENT ON VIEW analytics.tag_changes IS 'Every change of a contact''s tag (TextLink): an event whose tag differs from the one before it, by the provider''s time. No tests.';
COMMENT ON COLUMN analytics.tag_changes.event_id IS 'The same for every repeat of one delivery; deduplicate by it.';
COMMENT ON COLUMN analytics.tag_changes.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.tag_changes.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.tag_changes.contact_phone IS 'The contact''s phone and the record''s key: E.164 where possible, else as it came.';
COMMENT ON COLUMN analytics.tag_changes.changed_at IS 'The time of the event that brought the tag, UTC.';
COMMENT ON COLUMN analytics.tag_changes.tag IS 'The tag from then on; null: it was removed.';
COMMENT ON COLUMN analytics.tag_changes.previous_tag IS 'The tag until then; null: there was none, or nobody told it.';
COMMENT ON VIEW analytics.replies IS 'A row for each message of a contact that answers one of ours: the newest that was sent to the phone from the same account before it, by the provider''s time. Response rate: rows with is_first, divided by messages of direction out.';
COMMENT ON COLUMN analytics.replies.message_key IS 'The reply: a message of direction in.';
COMMENT ON COLUMN analytics.replies.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.replies.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.replies.contact_phone IS 'The contact''s phone and the record''s key: E.164 where possible, else as it came.';
COMMENT ON COLUMN analytics.replies.replied_at IS 'The time of the reply, UTC.';
COMMENT ON COLUMN analytics.replies.answered_key IS 'The message that it answers: a message of direction out.';
COMMENT ON COLUMN analytics.replies.sent_at IS 'The time of that message''s first event, UTC.';
COMMENT ON COLUMN analytics.replies.response_seconds IS 'Seconds between the two.';
COMMENT ON COLUMN analytics.replies.is_first IS 'True: the first reply to that message.';
COMMENT ON VIEW analytics.accounts IS 'One row per account at a provider. No tests.';
COMMENT ON COLUMN analytics.accounts.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.accounts.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.accounts.contacts IS 'Phones with which it exchanged messages.';
COMMENT ON COLUMN analytics.accounts.messages_in IS 'Messages received.';
COMMENT ON COLUMN analytics.accounts.messages_out IS 'Messages sent, whatever became of them.';
COMMENT ON COLUMN analytics.accounts.failed IS 'Messages sent that failed.';
COMMENT ON COLUMN analytics.accounts.first_at IS 'The time of its first message, UTC.';
COMMENT ON COLUMN analytics.accounts.last_at IS 'The time of its last message, UTC.';
COMMENT ON VIEW analytics.sims IS 'One row per SIM of TextLink that sent anything, or whose number a setting gives. No tests.';
COMMENT ON COLUMN analytics.sims.sim_card_id IS 'TextLink: the SIM that sent it.';
COMMENT ON COLUMN analytics.sims.phone IS 'Our own number of this SIM, from HOOKLINE_PERSIST__SIM_NUMBERS; null: not given.';
COMMENT ON COLUMN analytics.sims.messages_out IS 'Messages sent, whatever became of them.';
COMMENT ON COLUMN analytics.sims.failed IS 'Those that failed.';
COMMENT ON COLUMN analytics.sims.failure_rate IS 'failed divided by messages_out; null: it sent none.';
COMMENT ON COLUMN analytics.sims.first_at IS 'The time of its first message, UTC.';
COMMENT ON COLUMN analytics.sims.last_at IS 'The time of its last message, UTC.';
COMMENT ON VIEW analytics.daily IS 'One row per day (UTC), provider and account: each figure by the provider''s time of what it counts. No tests.';
COMMENT ON COLUMN analytics.daily.day IS 'The day, UTC.';
COMMENT ON COLUMN analytics.daily.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.daily.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.daily.messages_in IS 'Messages received: their first event is on this day.';
COMMENT ON COLUMN analytics.daily.messages_out IS 'Messages sent, whatever became of them: their first event is on this day.';
COMMENT ON COLUMN analytics.daily.delivered IS 'Those of messages_out that were delivered, at any time.';
COMMENT ON COLUMN analytics.daily.failed IS 'Those of messages_out that failed, at any time.';
COMMENT ON COLUMN analytics.daily.contacts_texted IS 'Phones that messages_out went to.';
COMMENT ON COLUMN analytics.daily.answered IS 'Those of messages_out that got a reply, at any time.';
COMMENT ON COLUMN analytics.daily.opt_outs IS 'Phones that opted out on this day, other than by what we told the provider ourselves.';
