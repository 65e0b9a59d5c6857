SELECT
    m.provider,
    m.account,
    count(*) AS messages_out,
    count(r.answered_key) AS answered,
    CAST(count(r.answered_key) AS double precision) / nullif(count(*), 0) AS response_rate,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY r.response_seconds) AS median_seconds
FROM {{ analytics('messages') }} AS m
LEFT JOIN {{ analytics('replies') }} AS r ON r.answered_key = m.message_key AND r.is_first
WHERE m.direction = 'out' AND {{ in_window('m.first_at') }}
GROUP BY GROUPING SETS ((), (m.provider, m.account))
