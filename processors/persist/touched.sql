-- Which failures the batch may join anew: those of the same provider, phone, text and SIM as a message that the
-- batch tells of and its provider does not number; and between which times the batch changes anything for them.
WITH told AS MATERIALIZED (
    SELECT s.message_key, s.occurred_at, f.provider, f.contact_phone, f.text, f.sim_card_id
    FROM staged_events AS s
    CROSS JOIN LATERAL (
        SELECT f.provider, f.contact_phone, f.text, f.sim_card_id
        FROM message_failures AS f
        WHERE f.contact_phone = s.contact_phone AND f.provider = s.provider AND f.text = s.text
            AND f.sim_card_id IS NOT DISTINCT FROM s.sim_card_id
        LIMIT 1) AS f
    WHERE s.direction = 'out' AND s.provider_message_id IS NULL AND NOT s.is_test
    UNION
    SELECT s.message_key, s.occurred_at, f.provider, f.contact_phone, f.text, f.sim_card_id
    FROM staged_events AS s JOIN message_failures AS f ON f.message_key = s.message_key
    WHERE NOT s.is_test
)
SELECT told.provider, told.contact_phone, told.text, told.sim_card_id,
    LEAST(min(told.occurred_at), min(had.failure_at), min(joined.sent_at)) AS since,
    GREATEST(max(told.occurred_at), max(had.failure_at), max(joined.sent_at)) AS until
FROM told
LEFT JOIN messages AS had ON had.message_key = told.message_key
LEFT JOIN message_failures AS failure ON failure.message_key = told.message_key
LEFT JOIN messages AS joined ON joined.message_key = failure.joined_key
GROUP BY told.provider, told.contact_phone, told.text, told.sim_card_id
ORDER BY told.contact_phone, told.provider, told.text, told.sim_card_id;
