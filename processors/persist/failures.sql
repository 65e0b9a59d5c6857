-- Fold the batch's failures of messages that their provider does not number.
INSERT INTO message_failures AS f (message_key, provider, account, contact_phone, account_phone, text, sim_card_id,
    custom_id, failure_id, portal, failed_at, last_at)
SELECT
    message_key,
    max(provider COLLATE "C"),
    max(account COLLATE "C"),
    max(contact_phone COLLATE "C"),
    max(account_phone COLLATE "C"),
    max(text COLLATE "C"),
    max(sim_card_id COLLATE "C"),
    max(custom_id COLLATE "C"),
    max(failure_id COLLATE "C"),
    bool_or(portal),
    min(occurred_at),
    max(occurred_at)
FROM staged_events
WHERE NOT is_test AND state = 'failed' AND provider_message_id IS NULL AND text IS NOT NULL
GROUP BY message_key
ORDER BY message_key
ON CONFLICT (message_key) DO UPDATE SET
    provider = GREATEST(f.provider COLLATE "C", EXCLUDED.provider),
    account = GREATEST(f.account COLLATE "C", EXCLUDED.account),
    contact_phone = GREATEST(f.contact_phone COLLATE "C", EXCLUDED.contact_phone),
    account_phone = GREATEST(f.account_phone COLLATE "C", EXCLUDED.account_phone),
    text = GREATEST(f.text COLLATE "C", EXCLUDED.text),
    sim_card_id = GREATEST(f.sim_card_id COLLATE "C", EXCLUDED.sim_card_id),
    custom_id = GREATEST(f.custom_id COLLATE "C", EXCLUDED.custom_id),
    failure_id = GREATEST(f.failure_id COLLATE "C", EXCLUDED.failure_id),
    portal = COALESCE(f.portal OR EXCLUDED.portal, f.portal, EXCLUDED.portal),
    failed_at = LEAST(f.failed_at, EXCLUDED.failed_at),
    last_at = GREATEST(f.last_at, EXCLUDED.last_at);
