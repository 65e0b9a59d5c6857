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
