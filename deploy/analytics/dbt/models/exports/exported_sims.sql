{# What the view `sims` says, of exported events. Numbers of SIMs are a setting, which no event carries. #}
SELECT
    sim_card_id,
    CAST(NULL AS text) AS phone,
    count(*) AS messages_out,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    CAST(count(*) FILTER (WHERE state = 'failed') AS double precision) / count(*) AS failure_rate
FROM {{ ref('exported_messages') }}
WHERE sim_card_id IS NOT NULL AND direction = 'out'
GROUP BY sim_card_id
