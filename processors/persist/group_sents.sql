-- What failures of one group may join between two times, and what each of these messages has joined to it now.
SELECT message_key, sent_at, failure_key
FROM messages
WHERE provider = %s AND contact_phone = %s AND text = %s AND sim_card_id IS NOT DISTINCT FROM %s
    AND sent_at BETWEEN %s AND %s AND own_state <> 'failed' AND provider_message_id IS NULL
ORDER BY sent_at, message_key;
