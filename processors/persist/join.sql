-- Join failures to messages: each to the one that is chosen for it, or to a row of its own, made here.
WITH joined AS (
    UPDATE message_failures AS f SET joined_key = chosen.joined_key
    FROM unnest(%s::text[], %s::text[]) AS chosen (message_key, joined_key)
    WHERE f.message_key = chosen.message_key
    RETURNING f.*
)
INSERT INTO messages AS m (message_key, provider, account, contact_phone, account_phone, direction, text, sim_card_id,
    failure_key, failure_at, failure_custom_id, failure_failure_id, failure_portal, failure_last_at)
SELECT joined_key, provider, account, contact_phone, account_phone, 'out', text, sim_card_id,
    message_key, failed_at, custom_id, failure_id, portal, last_at
FROM joined
ORDER BY joined_key
ON CONFLICT (message_key) DO UPDATE SET
    failure_key = EXCLUDED.failure_key, failure_at = EXCLUDED.failure_at,
    failure_custom_id = EXCLUDED.failure_custom_id, failure_failure_id = EXCLUDED.failure_failure_id,
    failure_portal = EXCLUDED.failure_portal, failure_last_at = EXCLUDED.failure_last_at, updated_at = now();
