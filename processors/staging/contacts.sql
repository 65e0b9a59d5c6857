-- Fold what the batch tells about contacts: each field by its newest event (time, then id); what an event does
-- not tell changes nothing, what it tells to be empty is removed. A name that is the phone is none: that is how TextUs,
-- which takes no contact without a name, has those whose name nobody knows. With every_phone a phone that an event
-- names is a contact, whatever the event tells of it.
INSERT INTO {table} AS c (phone,
    name, name_at, name_event,
    tag, tag_at, tag_event,
    tags, tags_at, tags_event,
    business_name, business_name_at, business_name_event,
    provider_contact_id, provider_contact_id_at, provider_contact_id_event)
SELECT
    contact_phone,
    nullif((array_agg(name ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE name <> contact_phone))[1], ''),
    max(occurred_at) FILTER (WHERE name <> contact_phone),
    (array_agg(event_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE name <> contact_phone))[1],
    nullif((array_agg(tag ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE tag IS NOT NULL))[1], ''),
    max(occurred_at) FILTER (WHERE tag IS NOT NULL),
    (array_agg(event_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE tag IS NOT NULL))[1],
    nullif((array_agg(tags::text ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE tags IS NOT NULL))[1], '{{}}')::text[],
    max(occurred_at) FILTER (WHERE tags IS NOT NULL),
    (array_agg(event_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE tags IS NOT NULL))[1],
    nullif((array_agg(business_name ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE business_name IS NOT NULL))[1], ''),
    max(occurred_at) FILTER (WHERE business_name IS NOT NULL),
    (array_agg(event_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE business_name IS NOT NULL))[1],
    nullif((array_agg(provider_contact_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE provider_contact_id IS NOT NULL))[1], ''),
    max(occurred_at) FILTER (WHERE provider_contact_id IS NOT NULL),
    (array_agg(event_id ORDER BY occurred_at DESC, event_id DESC)
        FILTER (WHERE provider_contact_id IS NOT NULL))[1]
FROM staged_events
WHERE NOT is_test AND contact_phone IS NOT NULL AND (is_contact OR name <> contact_phone OR tag IS NOT NULL
    -- Looked up by its key: for NOT EXISTS a plan may read all of contacts into a hash table.
    OR (%(every_phone)s AND (SELECT known.phone FROM contacts AS known WHERE known.phone = contact_phone) IS NULL))
GROUP BY contact_phone
ORDER BY contact_phone
ON CONFLICT (phone) DO UPDATE SET
    name = CASE WHEN is_newer_event(EXCLUDED.name_at, EXCLUDED.name_event, c.name_at, c.name_event)
        THEN EXCLUDED.name ELSE c.name END,
    name_at = GREATEST(c.name_at, EXCLUDED.name_at),
    name_event = CASE WHEN is_newer_event(EXCLUDED.name_at, EXCLUDED.name_event, c.name_at, c.name_event)
        THEN EXCLUDED.name_event ELSE c.name_event END,
    tag = CASE WHEN is_newer_event(EXCLUDED.tag_at, EXCLUDED.tag_event, c.tag_at, c.tag_event)
        THEN EXCLUDED.tag ELSE c.tag END,
    tag_at = GREATEST(c.tag_at, EXCLUDED.tag_at),
    tag_event = CASE WHEN is_newer_event(EXCLUDED.tag_at, EXCLUDED.tag_event, c.tag_at, c.tag_event)
        THEN EXCLUDED.tag_event ELSE c.tag_event END,
    tags = CASE WHEN is_newer_event(EXCLUDED.tags_at, EXCLUDED.tags_event, c.tags_at, c.tags_event)
        THEN EXCLUDED.tags ELSE c.tags END,
    tags_at = GREATEST(c.tags_at, EXCLUDED.tags_at),
    tags_event = CASE WHEN is_newer_event(EXCLUDED.tags_at, EXCLUDED.tags_event, c.tags_at, c.tags_event)
        THEN EXCLUDED.tags_event ELSE c.tags_event END,
    business_name = CASE WHEN is_newer_event(EXCLUDED.business_name_at, EXCLUDED.business_name_event, c.business_name_at, c.business_name_event)
        THEN EXCLUDED.business_name ELSE c.business_name END,
    business_name_at = GREATEST(c.business_name_at, EXCLUDED.business_name_at),
    business_name_event = CASE WHEN is_newer_event(EXCLUDED.business_name_at, EXCLUDED.business_name_event, c.business_name_at, c.business_name_event)
        THEN EXCLUDED.business_name_event ELSE c.business_name_event END,
    provider_contact_id = CASE WHEN is_newer_event(EXCLUDED.provider_contact_id_at, EXCLUDED.provider_contact_id_event, c.provider_contact_id_at, c.provider_contact_id_event)
        THEN EXCLUDED.provider_contact_id ELSE c.provider_contact_id END,
    provider_contact_id_at = GREATEST(c.provider_contact_id_at, EXCLUDED.provider_contact_id_at),
    provider_contact_id_event = CASE WHEN is_newer_event(EXCLUDED.provider_contact_id_at, EXCLUDED.provider_contact_id_event, c.provider_contact_id_at, c.provider_contact_id_event)
        THEN EXCLUDED.provider_contact_id_event ELSE c.provider_contact_id_event END,
    updated_at = now();
