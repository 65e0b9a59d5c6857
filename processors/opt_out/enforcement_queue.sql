-- Opt-outs to be made true at one target, as a queue: oldest first. Of each row the number of the attempt is the token.

-- name: due
SELECT count(*) FROM (SELECT FROM enforcements WHERE target = %(target)s AND status = 'pending'
    AND next_attempt_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s) LIMIT %(limit)s) AS due

-- name: claim
-- The phone's state is read in the moment in which the call is claimed: whoever is no longer out is not called about.
WITH due AS (
    SELECT e.id FROM enforcements AS e WHERE e.target = %(target)s AND e.status = 'pending'
        AND e.next_attempt_at <= %(now)s AND (e.leased_until IS NULL OR e.leased_until < %(now)s)
        AND EXISTS (SELECT FROM opt_outs AS o WHERE o.phone = e.phone AND o.state = 'out')
    ORDER BY e.next_attempt_at, e.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE enforcements AS e SET leased_until = %(until)s, attempts = e.attempts + 1, last_attempt_at = %(now)s,
    first_attempt_at = COALESCE(e.first_attempt_at, %(now)s)
FROM due, opt_out_ledger AS l WHERE e.id = due.id AND l.position = e.position
RETURNING e.id, e.account, e.phone, e.attempts, e.doubtful, l.received_at, l.event_id

-- name: record
-- A call that is done is done, whoever has taken the row up since; any other outcome counts for its own attempt alone.
-- Rows are locked in order of their ids here and in enforcement.py, so that there is no deadlock.
WITH outcome AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[], %(statuses)s::text[], %(details)s::text[],
        %(again)s::timestamptz[]) AS t (id, attempt, status, detail, again_at)
), locked AS (
    SELECT e.id FROM enforcements AS e JOIN outcome USING (id)
    WHERE e.attempts = outcome.attempt OR outcome.status = 'done' ORDER BY e.id FOR UPDATE OF e
)
UPDATE enforcements AS e SET detail = outcome.detail, leased_until = NULL, doubtful = e.doubtful AND outcome.status = 'pending',
    status = CASE WHEN outcome.status = 'done' OR e.status = 'pending' THEN outcome.status ELSE e.status END,
    next_attempt_at = COALESCE(outcome.again_at, e.next_attempt_at),
    done_at = CASE WHEN outcome.status = 'done' THEN %(now)s ELSE e.done_at END
FROM outcome JOIN locked USING (id) WHERE e.id = outcome.id

-- name: release
-- No call was made for these.
UPDATE enforcements AS e SET leased_until = NULL
FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[]) AS mine (id, attempt)
WHERE e.id = mine.id AND e.attempts = mine.attempt AND e.status = 'pending'

-- name: read_accounts_again
UPDATE target_rounds SET done_at = 'epoch' WHERE target = %s AND work = 'accounts'
