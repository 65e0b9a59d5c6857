-- Wake the lanes of the batch, those that sleep; one that is at work finds the new delivery when it is done.
INSERT INTO crm_lanes AS l (target, contact_phone, next_attempt_at)
SELECT target, contact_phone, now()
FROM (SELECT DISTINCT contact_phone FROM staged_events WHERE NOT is_test AND contact_phone IS NOT NULL) AS woken
CROSS JOIN unnest(%s::text[]) AS target
ORDER BY target, contact_phone
ON CONFLICT (target, contact_phone) DO UPDATE
    SET next_attempt_at = COALESCE(l.next_attempt_at, EXCLUDED.next_attempt_at)
