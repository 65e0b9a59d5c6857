-- What analysts are told of opt-outs, tags and set-aside events, made right.

-- A stop that was taken back (by a correction) is none.
CREATE VIEW analytics.opt_outs AS
SELECT event_id, provider, account, phone AS contact_phone, effective_at AS opted_out_at
FROM public.opt_out_ledger
WHERE action = 'out' AND NOT echo AND provider IS NOT NULL
    AND position NOT IN (SELECT corrects FROM public.opt_out_ledger WHERE corrects IS NOT NULL);
COMMENT ON VIEW analytics.opt_outs IS 'Every opt-out of a contact that stands: not one that was taken back, and none that we told the provider of ourselves.';
COMMENT ON COLUMN analytics.opt_outs.event_id IS 'The event that brought it; null: a person entered it.';
COMMENT ON COLUMN analytics.opt_outs.provider IS 'The provider that told us: textlink, textus.';
COMMENT ON COLUMN analytics.opt_outs.account IS 'The account at the provider (TextUs: its slug; TextLink: a setting).';
COMMENT ON COLUMN analytics.opt_outs.contact_phone IS 'The contact''s phone: E.164 where possible, else as it came; a digest where the number was erased.';
COMMENT ON COLUMN analytics.opt_outs.opted_out_at IS 'When it was said, and never later than its receipt.';

CREATE OR REPLACE VIEW analytics.daily AS
WITH texts AS (
    SELECT (m.first_at AT TIME ZONE 'UTC')::date AS day, m.provider, m.account,
        count(*) FILTER (WHERE m.direction = 'in') AS messages_in,
        count(*) FILTER (WHERE m.direction = 'out') AS messages_out,
        count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'failed') AS failed,
        count(DISTINCT m.contact_phone) FILTER (WHERE m.direction = 'out') AS contacts_texted,
        count(r.answered_key) AS answered
    FROM public.messages AS m
    LEFT JOIN analytics.replies AS r ON r.answered_key = m.message_key AND r.is_first
    GROUP BY 1, 2, 3
), outs AS (
    SELECT (opted_out_at AT TIME ZONE 'UTC')::date AS day, provider, account, count(DISTINCT contact_phone) AS opt_outs
    FROM analytics.opt_outs GROUP BY 1, 2, 3
)
SELECT day, provider, account, COALESCE(messages_in, 0) AS messages_in, COALESCE(messages_out, 0) AS messages_out,
    COALESCE(delivered, 0) AS delivered, COALESCE(failed, 0) AS failed,
    COALESCE(contacts_texted, 0) AS contacts_texted, COALESCE(answered, 0) AS answered,
    COALESCE(opt_outs, 0) AS opt_outs
FROM texts FULL JOIN outs USING (day, provider, account);
COMMENT ON COLUMN analytics.daily.opt_outs IS 'Phones in opt_outs on this day, texted or not.';

-- As the topic has it: a tag that came as a number is its text there too, and an event that was not recognized has none.
CREATE OR REPLACE VIEW analytics.events AS
SELECT event_id, event_type, provider, account, contact_phone, phone_valid, account_phone, occurred_at, time_valid,
    received_at, is_test, sanitised, message_key,
    CASE WHEN event_type LIKE 'message.%' THEN substr(event_type, 9) END AS state,
    CASE WHEN provider = 'textlink' AND event_type <> 'unrecognized' AND jsonb_typeof(payload -> 'tag') <> 'null'
        THEN payload ->> 'tag' END AS tag,
    payload, topic, partition, "offset", stored_at
FROM public.events;
COMMENT ON COLUMN analytics.tag_changes.previous_tag IS 'The tag until then; null: there was none, nobody told it, or its event is older than events are kept.';

CREATE OR REPLACE VIEW analytics.progress AS
SELECT p.at, p.written_at, p.logs,
    NOT EXISTS (
        SELECT FROM jsonb_each(p.logs) AS log (topic, facts),
            jsonb_array_elements(log.facts -> 'partitions') WITH ORDINALITY AS part (bounds, number)
        WHERE (part.bounds ->> 1)::bigint > COALESCE((
            SELECT max(o.next_offset) FROM public.consumer_offsets AS o
            WHERE o.consumer_group = 'hookline-persist' AND o.topic_id = (log.facts ->> 'topic_id')::uuid
                AND o.partition = part.number - 1
        ), (part.bounds ->> 0)::bigint)
    ) AS is_stored,
    (
        SELECT count(*) FROM public.parked_records AS k
        WHERE k.record_offset < (p.logs -> k.topic -> 'partitions' -> k.partition ->> 1)::bigint
    ) AS parked,
    (
        SELECT count(DISTINCT d.event_id) FROM public.dead_letters AS d
        WHERE d.consumer_group = 'hookline-persist' AND d.event_id IS NOT NULL
            AND d.record_offset < (p.logs -> d.topic -> 'partitions' -> d.partition ->> 1)::bigint
            AND NOT EXISTS (SELECT FROM public.events AS e WHERE e.event_id = d.event_id)
    ) AS set_aside
FROM public.topic_progress AS p;
COMMENT ON COLUMN analytics.progress.is_stored IS 'Whether persist has gone through all of these records: they are in the tables here too, but for set_aside.';
COMMENT ON COLUMN analytics.progress.set_aside IS 'How many events among these records are dead letters of persist, and in no table here.';
