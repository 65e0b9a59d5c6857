-- What failures of some groups may join between two times, and what each of these messages has joined to it now.
SELECT g.number, m.message_key, m.sent_at, m.failure_key
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    WITH ORDINALITY AS g (provider, contact_phone, text, sim_card_id, since, until, number)
JOIN messages AS m ON m.provider = g.provider AND m.contact_phone = g.contact_phone AND m.text = g.text
    AND m.sim_card_id IS NOT DISTINCT FROM g.sim_card_id AND m.sent_at BETWEEN g.since AND g.until
WHERE m.own_state <> 'failed' AND m.provider_message_id IS NULL
ORDER BY g.number, m.sent_at, m.message_key;
