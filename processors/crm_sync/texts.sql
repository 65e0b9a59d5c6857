-- The messages of the batch whose text has to be asked for, once each; the fetching of one that is not here yet begins.
UPDATE crm_notes AS n SET text_asked_at = now(), text_due_at = now(),
    text_awaited_until = now() + %(patience)s * interval '1 second'
FROM (
    SELECT DISTINCT message_key FROM staged_events
    WHERE NOT is_test AND provider = %(provider)s AND provider_message_id IS NOT NULL
) AS told
WHERE n.note_key = told.message_key AND n.text_asked_at IS NULL AND (n.text IS NULL OR %(always)s)
