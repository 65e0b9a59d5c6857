-- Texts to be fetched, as a queue: `crm_notes` with a time at which the provider is asked next. The number of the try
-- is the token.

-- name: due
SELECT count(*) FROM (SELECT FROM crm_notes WHERE text_due_at <= clock_timestamp() LIMIT %s) AS due

-- name: claim
-- The lease is longer than a request can take; then another process may make it again, which changes nothing.
WITH due AS (
    SELECT note_key FROM crm_notes WHERE text_due_at <= clock_timestamp()
    ORDER BY text_due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE crm_notes AS n SET text_tries = n.text_tries + 1,
    text_due_at = clock_timestamp() + %(lease)s * interval '1 second'
FROM due WHERE n.note_key = due.note_key
RETURNING n.note_key, n.text_tries, n.contact_phone, n.provider_message_id

-- name: lock
-- The notes that nobody else has taken up since, in order, so that there is no deadlock.
SELECT n.note_key FROM crm_notes AS n JOIN unnest(%(keys)s::text[], %(tries)s::integer[]) AS mine (key, tries)
    ON n.note_key = mine.key
WHERE n.text_due_at IS NOT NULL AND n.text_tries = mine.tries ORDER BY n.note_key FOR UPDATE OF n

-- name: later
UPDATE crm_notes AS n SET text_due_at = CASE WHEN n.text_asked_at > clock_timestamp() - %(give_up)s * interval '1 hour'
    THEN clock_timestamp() + mine.wait * interval '1 second' END
FROM unnest(%(keys)s::text[], %(waits)s::double precision[]) AS mine (key, wait) WHERE n.note_key = mine.key

-- name: absent
UPDATE crm_notes SET text_due_at = NULL WHERE note_key = ANY (%(keys)s)

-- name: lock_lanes
-- A delivery that was taken up before `text_at` has not seen the text: its outcome says so (`delivery_queue.sql`). The
-- lanes are locked first, so that none is taken up between that moment and the end of the transaction.
SELECT FROM crm_lanes WHERE target = ANY (%(targets)s) AND contact_phone = ANY (%(phones)s)
ORDER BY target, contact_phone FOR UPDATE

-- name: keep
UPDATE crm_notes AS n SET text_due_at = NULL, text = mine.text, text_at = clock_timestamp()
FROM unnest(%(keys)s::text[], %(texts)s::text[]) AS mine (key, text) WHERE n.note_key = mine.key

-- name: deliver_again
-- Deliveries that went without the text.
WITH again AS (
    UPDATE crm_deliveries AS d SET status = 'pending', done_at = NULL, detail = 'its text has come'
    FROM crm_links AS l
    WHERE l.target = ANY (%(targets)s) AND l.kind = 'note' AND l.key = ANY (%(keys)s)
        AND d.event_id = l.external_id::uuid AND d.target = l.target AND d.status = 'done'
    RETURNING d.target, d.contact_phone
)
UPDATE crm_lanes AS c SET next_attempt_at = COALESCE(c.next_attempt_at, clock_timestamp())
FROM again WHERE c.target = again.target AND c.contact_phone = again.contact_phone
