{# What the view `replies` says, of exported events. #}
WITH sent AS (
    -- Of two sent at the same time, the view takes the greater key.
    SELECT provider, account, contact_phone, first_at, max(message_key) AS message_key
    FROM {{ ref('exported_messages') }}
    WHERE direction = 'out'
    GROUP BY provider, account, contact_phone, first_at
), answers AS (
    SELECT r.message_key, r.first_at AS replied_at, s.message_key AS answered_key, s.first_at AS sent_at
    FROM {{ ref('exported_messages') }} AS r
    ASOF JOIN sent AS s
        ON s.provider = r.provider AND s.account = r.account AND s.contact_phone = r.contact_phone
        AND r.first_at >= s.first_at
    WHERE r.direction = 'in'
)
SELECT
    message_key,
    answered_key,
    epoch_us(replied_at - sent_at) / 1e6 AS response_seconds,
    row_number() OVER (PARTITION BY answered_key ORDER BY replied_at, message_key) = 1 AS is_first
FROM answers
