-- Whether the event a (its time, then its id) is newer than the event b; one that is not there is oldest.
CREATE FUNCTION is_newer_event(a_at timestamptz, a_id uuid, b_at timestamptz, b_id uuid) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN a_at IS NOT NULL AND (b_at IS NULL OR (a_at, a_id) > (b_at, b_id));

-- The current state of every contact: each field by its newest event (time, then id).
CREATE TABLE contacts (
    phone            text PRIMARY KEY,
    name             text,
    name_at          timestamptz,
    name_event       uuid,
    tag              text,
    tag_at           timestamptz,
    tag_event        uuid,
    tags             text[],
    tags_at          timestamptz,
    tags_event       uuid,
    business_name    text,
    business_name_at timestamptz,
    business_name_event uuid,
    provider_contact_id text,
    provider_contact_id_at timestamptz,
    provider_contact_id_event uuid,
    updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE contacts IS 'One row per phone; every field beside the time and the id of the event that it is from. No tests.';
