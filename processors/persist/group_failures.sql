-- The failures of one group from a time on, oldest first.
SELECT message_key, failed_at, joined_key
FROM message_failures
WHERE provider = %s AND contact_phone = %s AND text = %s AND sim_card_id IS NOT DISTINCT FROM %s AND failed_at >= %s
ORDER BY failed_at, message_key;
