-- Deliveries at one CRM, worked off contact by contact: a lane is one contact at one target, and whoever holds its lease
-- has its oldest delivery. `doubtful` is set with the lease, before any call, and cleared by an outcome that is known:
-- if a worker dies, it stays set.

-- name: lease
-- The lanes that are due, leased under a token of this claim.
WITH due AS (
    SELECT target, contact_phone FROM crm_lanes WHERE target = %(target)s AND next_attempt_at <= clock_timestamp()
    ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE crm_lanes AS l SET lease_token = %(token)s,
    next_attempt_at = clock_timestamp() + %(lease)s * interval '1 second'
FROM due WHERE l.target = due.target AND l.contact_phone = due.contact_phone
RETURNING l.contact_phone

-- name: claim
-- The oldest delivery of each leased lane, with all that its calls need. In a statement of its own: it has to see what
-- was done in the lanes until they were locked. Links are looked up row by row: where there are no statistics yet, a
-- join would have PostgreSQL read all links of the target for each.
WITH head AS (
    SELECT d.* FROM unnest(%(phones)s::text[]) AS lane (phone) CROSS JOIN LATERAL (
        SELECT event_id, note_key, doubtful, last_attempt_at FROM crm_deliveries
        WHERE target = %(target)s AND contact_phone = lane.phone AND status = 'pending'
        ORDER BY received_at, event_id LIMIT 1
    ) AS d
    WHERE NOT EXISTS (SELECT FROM crm_notes AS n WHERE n.note_key = d.note_key AND n.text_due_at IS NOT NULL
        AND n.text_awaited_until > clock_timestamp())
), taken AS (
    UPDATE crm_deliveries AS d SET attempts = d.attempts + 1, doubtful = true, last_attempt_at = clock_timestamp(),
        first_attempt_at = COALESCE(d.first_attempt_at, clock_timestamp())
    FROM head WHERE d.event_id = head.event_id AND d.target = %(target)s
    RETURNING d.event_id, d.contact_phone, d.note_key, d.attempts, head.doubtful, head.last_attempt_at
), kept AS (
    INSERT INTO crm_links (target, kind, key, external_id)
    SELECT %(target)s, 'note', note_key, min(event_id::text) FROM taken WHERE note_key IS NOT NULL GROUP BY note_key
    ON CONFLICT DO NOTHING
)
SELECT t.event_id, t.contact_phone, t.attempts, t.doubtful, t.last_attempt_at,
    c.name, c.tag, c.tags, c.opt_out_state, contact.remote_id, contact.written,
    n.note_key, COALESCE(note.external_id, t.event_id::text), n.kind, n.provider, n.account, n.direction, n.state,
    n.text, n.first_at, note.remote_id, note.written
FROM taken AS t
LEFT JOIN crm_contacts AS c ON c.phone = t.contact_phone
LEFT JOIN crm_notes AS n ON n.note_key = t.note_key
LEFT JOIN LATERAL (SELECT remote_id, written FROM crm_links
    WHERE target = %(target)s AND kind = 'contact' AND key = t.contact_phone LIMIT 1) AS contact ON true
LEFT JOIN LATERAL (SELECT external_id, remote_id, written FROM crm_links
    WHERE target = %(target)s AND kind = 'note' AND key = t.note_key LIMIT 1) AS note ON true

-- name: lock
-- Which lanes are still leased under these tokens. Locked in order of the phones wherever several lanes are, so that
-- there is no deadlock.
SELECT l.contact_phone FROM crm_lanes AS l
JOIN unnest(%(phones)s::text[], %(tokens)s::uuid[]) AS mine (phone, token) ON l.contact_phone = mine.phone
WHERE l.target = %(target)s AND l.lease_token = mine.token
ORDER BY l.contact_phone FOR UPDATE OF l

-- name: renew
-- This one, which may follow another in its transaction, waits for nobody: a lease is renewed several times.
WITH locked AS (
    SELECT l.contact_phone FROM crm_lanes AS l
    JOIN unnest(%(phones)s::text[], %(tokens)s::uuid[]) AS mine (phone, token) ON l.contact_phone = mine.phone
    WHERE l.target = %(target)s AND l.lease_token = mine.token
    ORDER BY l.contact_phone FOR UPDATE OF l SKIP LOCKED
)
UPDATE crm_lanes AS l SET next_attempt_at = clock_timestamp() + %(lease)s * interval '1 second'
FROM locked WHERE l.target = %(target)s AND l.contact_phone = locked.contact_phone
RETURNING l.contact_phone

-- name: link
-- What became known of contacts and notes there.
INSERT INTO crm_links AS l (target, kind, key, remote_id, written)
SELECT %(target)s, kind, key, remote_id, written
FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(ids)s::text[], %(writings)s::jsonb[])
    AS t (kind, key, remote_id, written)
ON CONFLICT (target, kind, key) DO UPDATE SET remote_id = EXCLUDED.remote_id, written = EXCLUDED.written

-- name: record
-- The status is asked for in a way that no index serves: where there are no statistics yet, the index of all that waits
-- would seem best.
UPDATE crm_deliveries AS d SET detail = outcome.detail, doubtful = outcome.doubtful,
    failures = d.failures + outcome.counted,
    done_at = CASE WHEN outcome.status = 'done' THEN clock_timestamp() END,
    status = CASE WHEN outcome.status = 'done' AND EXISTS (SELECT FROM crm_notes AS n
            WHERE n.note_key = d.note_key AND n.text_at > d.last_attempt_at) THEN 'pending'
        WHEN outcome.status = 'pending' AND (d.failures + outcome.counted >= %(max_failures)s
        OR d.first_attempt_at < clock_timestamp() - %(give_up)s * interval '1 hour') THEN 'dead' ELSE outcome.status END
FROM (
    SELECT outcome.*, COALESCE(outcome.fails AND t.served_at > outcome.tried_at, false)::integer AS counted
    FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[], %(statuses)s::text[], %(details)s::text[],
        %(doubts)s::boolean[], %(fails)s::boolean[], %(tried)s::timestamptz[])
        AS outcome (event_id, attempt, status, detail, doubtful, fails, tried_at)
    LEFT JOIN crm_targets AS t ON t.target = %(target)s
) AS outcome (event_id, attempt, status, detail, doubtful, fails, tried_at, counted)
WHERE d.event_id = outcome.event_id AND d.target = %(target)s AND d.attempts = outcome.attempt
    AND d.status || '' = 'pending'
RETURNING d.event_id, d.contact_phone, d.status

-- name: release
-- Let the lanes go: until the next try of what they hold, or until something new comes.
UPDATE crm_lanes AS l SET lease_token = NULL, next_attempt_at = CASE
    WHEN mine.wait IS NOT NULL THEN clock_timestamp() + mine.wait * interval '1 second'
    WHEN EXISTS (SELECT FROM crm_deliveries AS d WHERE d.target = %(target)s AND d.contact_phone = l.contact_phone
        AND d.status = 'pending') THEN clock_timestamp() + %(pause)s * interval '1 second' END
FROM unnest(%(phones)s::text[], %(waits)s::double precision[]) AS mine (phone, wait)
WHERE l.target = %(target)s AND l.contact_phone = mine.phone

-- name: breaker_begin
-- Whether the target is called at all: its row of crm_targets.
INSERT INTO crm_targets (target) VALUES (%s) ON CONFLICT DO NOTHING

-- name: breaker_read
-- Locked only while it is open, so that claims do not wait for each other.
SELECT EXTRACT(epoch FROM paused_until - clock_timestamp())::double precision FROM crm_targets
WHERE target = %s AND paused_until IS NOT NULL FOR UPDATE

-- name: breaker_failures
SELECT failures FROM crm_targets WHERE target = %s

-- name: breaker_pause
UPDATE crm_targets SET paused_until = GREATEST(clock_timestamp() + %s * interval '1 second',
    CASE WHEN %s THEN paused_until END), reason = %s, failures = failures + %s WHERE target = %s

-- name: breaker_close
UPDATE crm_targets SET paused_until = NULL, reason = NULL, failures = 0 WHERE target = %s

-- name: breaker_served
UPDATE crm_targets SET served_at = clock_timestamp() WHERE target = %s
