-- The failures of some groups, each from a time on, oldest first; and whether there is a message of their own key.
SELECT g.number, f.message_key, f.failed_at, f.joined_key,
    EXISTS (SELECT FROM messages AS m WHERE m.message_key = f.message_key AND m.own_state IS NOT NULL) AS has_own
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    WITH ORDINALITY AS g (provider, contact_phone, text, sim_card_id, since, number)
JOIN message_failures AS f ON f.provider = g.provider AND f.contact_phone = g.contact_phone AND f.text = g.text
    AND f.sim_card_id IS NOT DISTINCT FROM g.sim_card_id AND f.failed_at >= g.since
ORDER BY g.number, f.failed_at, f.message_key;
