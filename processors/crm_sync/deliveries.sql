-- Every event of the batch becomes a delivery to every target, once; but none to the account that it came from, which
-- knows already.
INSERT INTO crm_deliveries (event_id, target, contact_phone, event_type, note_key, received_at)
SELECT DISTINCT ON (event_id, target) event_id, target, contact_phone, event_type,
    CASE WHEN event_type = 'call.completed' THEN 'call:' || event_id ELSE message_key END, received_at
FROM staged_events CROSS JOIN unnest(%s::text[]) AS target
WHERE NOT is_test AND contact_phone IS NOT NULL AND target <> provider || ':' || account
ORDER BY event_id, target
ON CONFLICT DO NOTHING
