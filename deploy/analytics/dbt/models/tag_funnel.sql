SELECT previous_tag, tag, count(*) AS changes, count(DISTINCT contact_phone) AS contacts
FROM {{ analytics('tag_changes') }}
GROUP BY previous_tag, tag
