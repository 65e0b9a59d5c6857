-- Store every event that is not stored yet, in order of its id.
INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, account_phone,
    occurred_at, time_valid, received_at, is_test, sanitised, payload, topic, partition, "offset", kafka_at, spooled_at,
    message_key)
SELECT event_id, event_type, provider, account, contact_phone, phone_valid, account_phone,
    occurred_at, time_valid, received_at, is_test, sanitised, payload::jsonb, topic, partition, "offset", kafka_at, spooled_at,
    message_key
FROM staged_events
ORDER BY event_id
ON CONFLICT (event_id) DO NOTHING;
