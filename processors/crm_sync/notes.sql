-- Fold the batch's messages and calls into their notes: the winning state, the greatest of every other field, so
-- that the order in which events arrive makes no difference.
INSERT INTO crm_notes AS n
    (note_key, contact_phone, provider, account, kind, direction, text, state, provider_message_id, first_at)
SELECT
    COALESCE(message_key, 'call:' || event_id),
    max(contact_phone COLLATE "C"),
    max(provider COLLATE "C"),
    max(account COLLATE "C"),
    CASE WHEN bool_or(message_key IS NULL) THEN 'call' ELSE 'message' END,
    max(direction COLLATE "C"),
    max(text COLLATE "C"),
    COALESCE((array_agg(state ORDER BY message_state_rank(state) DESC))[1], 'completed'),
    max(provider_message_id COLLATE "C"),
    min(occurred_at)
FROM staged_events
WHERE NOT is_test AND (message_key IS NOT NULL OR event_type = 'call.completed')
GROUP BY 1
ORDER BY 1
ON CONFLICT (note_key) DO UPDATE SET
    contact_phone = GREATEST(n.contact_phone COLLATE "C", EXCLUDED.contact_phone),
    provider = GREATEST(n.provider COLLATE "C", EXCLUDED.provider),
    account = GREATEST(n.account COLLATE "C", EXCLUDED.account),
    direction = GREATEST(n.direction COLLATE "C", EXCLUDED.direction),
    text = CASE WHEN n.text_at IS NULL THEN GREATEST(n.text COLLATE "C", EXCLUDED.text) ELSE n.text END,
    state = CASE WHEN message_state_rank(EXCLUDED.state) > message_state_rank(n.state)
        THEN EXCLUDED.state ELSE n.state END,
    provider_message_id = GREATEST(n.provider_message_id COLLATE "C", EXCLUDED.provider_message_id),
    first_at = LEAST(n.first_at, EXCLUDED.first_at);
