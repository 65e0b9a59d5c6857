-- Fold the batch's message events into their messages: the winning state with its earliest time, the greatest of
-- every other field, so that the order in which events arrive makes no difference.
-- Failures of messages that their provider does not number are no part of it: see failures.sql.
INSERT INTO messages AS m (message_key, provider, account, contact_phone, account_phone, direction, text,
    provider_message_id, conversation_id, sim_card_id, own_state, own_state_at, own_custom_id, own_failure_id,
    own_portal, own_first_at, own_last_at, sent_at)
SELECT
    message_key,
    max(provider COLLATE "C"),
    max(account COLLATE "C"),
    max(contact_phone COLLATE "C"),
    max(account_phone COLLATE "C"),
    max(direction COLLATE "C"),
    max(text COLLATE "C"),
    max(provider_message_id COLLATE "C"),
    max(conversation_id COLLATE "C"),
    max(sim_card_id COLLATE "C"),
    (array_agg(state ORDER BY message_state_rank(state) DESC, occurred_at))[1],
    (array_agg(occurred_at ORDER BY message_state_rank(state) DESC, occurred_at))[1],
    max(custom_id COLLATE "C"),
    max(failure_id COLLATE "C"),
    bool_or(portal),
    min(occurred_at),
    max(occurred_at),
    min(occurred_at) FILTER (WHERE state = 'sent')
FROM staged_events
WHERE message_key IS NOT NULL AND NOT is_test
    AND NOT (state = 'failed' AND provider_message_id IS NULL AND text IS NOT NULL)
GROUP BY message_key
ORDER BY message_key
ON CONFLICT (message_key) DO UPDATE SET
    provider = GREATEST(m.provider COLLATE "C", EXCLUDED.provider),
    account = GREATEST(m.account COLLATE "C", EXCLUDED.account),
    contact_phone = GREATEST(m.contact_phone COLLATE "C", EXCLUDED.contact_phone),
    account_phone = GREATEST(m.account_phone COLLATE "C", EXCLUDED.account_phone),
    direction = GREATEST(m.direction COLLATE "C", EXCLUDED.direction),
    text = GREATEST(m.text COLLATE "C", EXCLUDED.text),
    provider_message_id = GREATEST(m.provider_message_id COLLATE "C", EXCLUDED.provider_message_id),
    conversation_id = GREATEST(m.conversation_id COLLATE "C", EXCLUDED.conversation_id),
    sim_card_id = GREATEST(m.sim_card_id COLLATE "C", EXCLUDED.sim_card_id),
    own_state = CASE WHEN message_state_rank(EXCLUDED.own_state) > message_state_rank(m.own_state)
        THEN EXCLUDED.own_state ELSE m.own_state END,
    own_state_at = CASE
        WHEN message_state_rank(EXCLUDED.own_state) > message_state_rank(m.own_state) THEN EXCLUDED.own_state_at
        WHEN EXCLUDED.own_state = m.own_state THEN LEAST(m.own_state_at, EXCLUDED.own_state_at)
        ELSE m.own_state_at END,
    own_custom_id = GREATEST(m.own_custom_id COLLATE "C", EXCLUDED.own_custom_id),
    own_failure_id = GREATEST(m.own_failure_id COLLATE "C", EXCLUDED.own_failure_id),
    own_portal = COALESCE(m.own_portal OR EXCLUDED.own_portal, m.own_portal, EXCLUDED.own_portal),
    own_first_at = LEAST(m.own_first_at, EXCLUDED.own_first_at),
    own_last_at = GREATEST(m.own_last_at, EXCLUDED.own_last_at),
    sent_at = LEAST(m.sent_at, EXCLUDED.sent_at),
    updated_at = now();
