{# What the view `messages` says, of exported events. A failure that its provider does not number (TextLink) belongs to
   the message of its own key. Where there is none, it joins the newest sent message of the same phone, text and SIM, at or
   within 10 minutes before it, that no other failure has; else it is a message alone. Persist joins them so
   (processors/persist/failures.py), and a test holds both to the same. #}
WITH events AS (
    SELECT *, state = 'failed' AND provider_message_id IS NULL AND text IS NOT NULL AS is_failure
    FROM {{ exported('sms.messages.v1') }}
    WHERE NOT is_test
), messages AS (
    SELECT
        message_key,
        max(provider) AS provider,
        max(account) AS account,
        max(contact_phone) AS contact_phone,
        max(direction) AS direction,
        max(text) AS text,
        max(provider_message_id) AS provider_message_id,
        max(sim_card_id) AS sim_card_id,
        max_by(state, list_position(['received', 'sent', 'unknown', 'delivered', 'failed'], state)) AS state,
        min(occurred_at) AS first_at,
        min(occurred_at) FILTER (WHERE state = 'sent') AS sent_at
    FROM events
    WHERE NOT is_failure
    GROUP BY message_key
), failures AS (
    SELECT
        message_key,
        max(provider) AS provider,
        max(account) AS account,
        max(contact_phone) AS contact_phone,
        max(text) AS text,
        max(sim_card_id) AS sim_card_id,
        min(occurred_at) AS failed_at
    FROM events
    WHERE is_failure
    GROUP BY message_key
), steps AS (
    -- Messages that a failure may take, and failures that take one.
    SELECT message_key, provider, contact_phone, text, sim_card_id, sent_at AS step_at, 1 AS step
    FROM messages
    WHERE state <> 'failed' AND provider_message_id IS NULL AND sent_at IS NOT NULL
        AND message_key NOT IN (SELECT message_key FROM failures)
    UNION ALL
    SELECT message_key, provider, contact_phone, text, sim_card_id, failed_at, -1
    FROM failures
    WHERE message_key NOT IN (SELECT message_key FROM messages)
), balances AS (
    SELECT *, sum(step) OVER (
        PARTITION BY provider, contact_phone, text, sim_card_id ORDER BY step_at, step DESC, message_key
        ROWS UNBOUNDED PRECEDING
    ) AS balance
    FROM steps
), levels AS (
    -- The newest free message is the one that the last step to its level left: as brackets close the newest open one.
    SELECT *, balance - least(0, coalesce(min(balance) OVER (
        PARTITION BY provider, contact_phone, text, sim_card_id ORDER BY step_at, step DESC, message_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0)) + CASE WHEN step = -1 THEN 1 ELSE 0 END AS level
    FROM balances
), pairs AS (
    -- Level 0: no message is free. One that is too old for a failure is too old for every later one.
    SELECT message_key, step_at, step, lag(message_key) OVER same_level AS sent_key, lag(step_at) OVER same_level AS sent_at
    FROM levels
    WHERE level > 0
    WINDOW same_level AS (
        PARTITION BY provider, contact_phone, text, sim_card_id, level ORDER BY step_at, step DESC, message_key
    )
), joined AS (
    SELECT f.*, coalesce(p.sent_key, f.message_key) AS joined_key
    FROM failures AS f
    LEFT JOIN pairs AS p
        ON p.message_key = f.message_key AND p.step = -1 AND p.step_at - p.sent_at <= INTERVAL 10 MINUTE
)
SELECT
    coalesce(m.message_key, f.joined_key) AS message_key,
    coalesce(m.provider, f.provider) AS provider,
    coalesce(m.account, f.account) AS account,
    coalesce(m.contact_phone, f.contact_phone) AS contact_phone,
    coalesce(m.direction, 'out') AS direction,
    CASE WHEN f.failed_at IS NULL THEN m.state ELSE 'failed' END AS state,
    coalesce(m.sim_card_id, f.sim_card_id) AS sim_card_id,
    least(m.first_at, f.failed_at) AS first_at
FROM messages AS m
FULL JOIN joined AS f ON f.joined_key = m.message_key
