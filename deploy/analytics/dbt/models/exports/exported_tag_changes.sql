{# What the view `tag_changes` says, of exported events. #}
WITH tags AS (
    SELECT
        event_id,
        contact_phone,
        occurred_at AS changed_at,
        nullif(payload ->> '$.tag', '') AS tag
    FROM {{ exported() }}
    WHERE provider = 'textlink' AND json_type(payload, '$.tag') = 'VARCHAR' AND NOT is_test AND contact_phone IS NOT NULL
), changes AS (
    SELECT *, lag(tag) OVER (PARTITION BY contact_phone ORDER BY changed_at, event_id) AS previous_tag
    FROM tags
)
SELECT contact_phone, changed_at, tag, previous_tag
FROM changes
WHERE tag IS DISTINCT FROM previous_tag
