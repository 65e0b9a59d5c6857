{# What the view `daily` says of messages, of exported events. #}
SELECT
    CAST(first_at AT TIME ZONE 'UTC' AS date) AS day,
    provider,
    account,
    count(*) FILTER (WHERE direction = 'in') AS messages_in,
    count(*) FILTER (WHERE direction = 'out') AS messages_out,
    count(*) FILTER (WHERE direction = 'out' AND state = 'failed') AS failed
FROM {{ ref('exported_messages') }}
GROUP BY day, provider, account
