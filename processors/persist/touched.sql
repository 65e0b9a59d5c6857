-- Which failures the batch may join anew: those of the same provider, phone, text and SIM as a message that the
-- batch tells of and its provider does not number.
SELECT s.message_key, s.occurred_at, f.provider, f.contact_phone, f.text, f.sim_card_id
FROM staged_events AS s
CROSS JOIN LATERAL (
    SELECT f.provider, f.contact_phone, f.text, f.sim_card_id
    FROM message_failures AS f
    WHERE f.contact_phone = s.contact_phone AND f.provider = s.provider AND f.text = s.text
        AND f.sim_card_id IS NOT DISTINCT FROM s.sim_card_id
    LIMIT 1) AS f
WHERE s.direction = 'out' AND s.provider_message_id IS NULL AND NOT s.is_test;
