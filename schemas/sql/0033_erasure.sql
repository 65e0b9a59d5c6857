-- `hookline erase PHONE`: a person's data goes, and the number stays out. An erased number is kept as
-- `erased:PEPPER:DIGEST`, by HMAC-SHA256 of the number. Whoever has the key finds it by that, and nobody reads it.

CREATE TABLE erasures (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone       text NOT NULL CHECK (phone LIKE 'erased:%'),
    erased_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_by   text NOT NULL,
    asked_by    text NOT NULL,
    reason      text NOT NULL,
    forced      boolean NOT NULL,
    result      jsonb NOT NULL
);
COMMENT ON TABLE erasures IS 'Each run of `hookline erase` that erased anything.';
COMMENT ON COLUMN erasures.phone IS 'The erased number, as the ledger keeps it.';
COMMENT ON COLUMN erasures.erased_by IS 'The user of the command.';
COMMENT ON COLUMN erasures.asked_by IS 'Who asked for it, in words without the number.';
COMMENT ON COLUMN erasures.reason IS 'Why, in words without the number.';
COMMENT ON COLUMN erasures.forced IS 'Calls that had failed for good counted as made: an operator has said so.';
COMMENT ON COLUMN erasures.result IS 'What was erased where, and what still holds the number, and until when.';
CREATE INDEX erasures_by_phone ON erasures (phone);

-- A number is looked for under every text that it may have been stored as: a digest of each.
CREATE TABLE erased_numbers (
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    phone  text NOT NULL CHECK (phone LIKE 'erased:%'),
    PRIMARY KEY (digest, phone)
);
COMMENT ON TABLE erased_numbers IS 'How the gate finds an erased number: keyed digests of the forms that it may be asked about in.';

CREATE TABLE erased_peppers (
    pepper text PRIMARY KEY CHECK (pepper ~ '^[0-9a-f]{16}$')
);
COMMENT ON TABLE erased_peppers IS 'The names of the keys that erased numbers are found by: the gate is not sure of anything without them.';

CREATE TABLE erased_events (
    event_id  uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE erased_events IS 'Events of erased persons: read from a topic again, they are left out.';

-- A number that was erased, and that something new has come about since.
CREATE TABLE erased_returns (
    phone        text NOT NULL CHECK (phone NOT LIKE 'erased:%'),
    erased_phone text NOT NULL CHECK (erased_phone LIKE 'erased:%'),
    PRIMARY KEY (phone, erased_phone)
);
COMMENT ON TABLE erased_returns IS 'Numbers of the ledger that were erased before: their rows and the erased ones are folded together.';
CREATE INDEX erased_returns_by_erased_phone ON erased_returns (erased_phone);

-- Under which phones the ledger has the rows about one number.
CREATE FUNCTION opt_out_phones_of(of_phone text) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT ARRAY(
        SELECT of_phone
        UNION SELECT erased_phone FROM public.erased_returns WHERE phone = of_phone
        UNION SELECT phone FROM public.erased_returns WHERE erased_phone = of_phone
    )
    $$;

-- Nothing of the ledger is changed, but that whoever erases puts the digest of a phone in its place.
CREATE FUNCTION opt_out_phone_erased() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    known text;
BEGIN
    IF to_jsonb(NEW) - 'phone' - 'phone_as_received' IS DISTINCT FROM to_jsonb(OLD) - 'phone' - 'phone_as_received'
        OR NEW.phone_as_received IS NOT NULL OR OLD.action = 'migration' THEN
        RAISE EXCEPTION 'nothing of a row of opt_out_ledger is erased but its phone'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.phone = OLD.phone AND OLD.phone LIKE 'erased:%' THEN
        RETURN NEW;
    END IF;
    SELECT format('erased:%s:%s', phone_pepper, phone_digest) INTO known
        FROM (SELECT NEW.phone_pepper, NEW.phone_digest WHERE NEW.chain_version = 2
            UNION ALL SELECT j.phone_pepper, j.phone_digest FROM public.opt_out_joined_phones AS j
            WHERE j.position = NEW.position AND NEW.chain_version = 1) AS digests (phone_pepper, phone_digest);
    IF known IS NULL THEN
        RAISE EXCEPTION 'row % of opt_out_ledger is hashed with its phone, and no digest stands for it yet', NEW.position
            USING ERRCODE = 'insufficient_privilege';
    ELSIF NEW.phone <> known AND NOT NEW.phone = ANY (public.opt_out_phones_of(OLD.phone)) OR NEW.phone NOT LIKE 'erased:%' THEN
        RAISE EXCEPTION 'row % of opt_out_ledger: this is not the digest of its phone', NEW.position
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER opt_out_ledger_only_added ON opt_out_ledger;
CREATE TRIGGER opt_out_ledger_only_added BEFORE DELETE OR TRUNCATE ON opt_out_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();
CREATE TRIGGER opt_out_ledger_not_changed BEFORE UPDATE ON opt_out_ledger
    FOR EACH STATEMENT WHEN (current_user <> 'hookline_erase') EXECUTE FUNCTION opt_out_only_added();
CREATE TRIGGER opt_out_ledger_phone_erased BEFORE UPDATE ON opt_out_ledger
    FOR EACH ROW EXECUTE FUNCTION opt_out_phone_erased();

-- As in 0017, over all phones under which the ledger has the number.
CREATE OR REPLACE FUNCTION opt_out_may_be_in(of_phone text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    voided bigint[] := '{}';
    correction record;
    phones text[] := public.opt_out_phones_of(of_phone);
BEGIN
    FOR correction IN SELECT position, corrects FROM public.opt_out_ledger
        WHERE phone = ANY (phones) AND action = 'correction' AND position >= 1 ORDER BY position DESC
    LOOP
        IF correction.corrects < correction.position AND NOT correction.position = ANY (voided) THEN
            voided := voided || correction.corrects;
        END IF;
    END LOOP;
    RETURN NOT EXISTS (
        SELECT FROM public.opt_out_ledger AS stop
        WHERE stop.phone = ANY (phones) AND stop.position >= 1 AND stop.action IN ('out', 'hold')
            AND NOT stop.position = ANY (voided)
            AND NOT EXISTS (
                SELECT FROM public.opt_out_ledger AS ender
                WHERE ender.phone = ANY (phones) AND ender.position >= 1 AND NOT ender.position = ANY (voided)
                    AND (ender.action = 'in' OR (stop.action = 'hold' AND ender.action IN ('out', 'release')))
                    AND ((ender.provider = stop.provider AND ender.occurred_at > stop.occurred_at)
                        OR (ender.effective_at > stop.effective_at AND ender.received_at > stop.received_at))
            )
    );
END $$;

-- As in 0017: a state stands behind rows of the ledger about the very same number, erased or not.
CREATE OR REPLACE FUNCTION opt_out_state_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    entry record;
    newest bigint;
    flaw text;
    phones text[];
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.phone IS DISTINCT FROM OLD.phone) THEN
        IF EXISTS (SELECT FROM public.opt_out_ledger WHERE phone = OLD.phone AND position >= 1) THEN
            RAISE EXCEPTION 'a state that the ledger has rows about stays in opt_outs'
                USING ERRCODE = 'insufficient_privilege';
        ELSIF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
    END IF;
    phones := public.opt_out_phones_of(NEW.phone);
    SELECT phone, action, effective_at, provider, account INTO entry
        FROM public.opt_out_ledger WHERE position = NEW.position AND position >= 1;
    SELECT max(position) INTO newest FROM public.opt_out_ledger WHERE phone = ANY (phones) AND position >= 1;
    IF entry.phone IS NULL OR NOT entry.phone = ANY (phones) THEN
        flaw := 'it is not about this phone';
    ELSIF NEW.last_position NOT BETWEEN NEW.position AND newest THEN
        flaw := 'last_position is beyond the newest row about this phone, or before this one';
    ELSIF NEW.state IN ('out', 'hold') AND entry.action IS DISTINCT FROM NEW.state THEN
        flaw := format('it is no %s', NEW.state);
    ELSIF (NEW.since, NEW.provider, NEW.account)
        IS DISTINCT FROM (entry.effective_at, entry.provider, entry.account) THEN
        flaw := 'since, provider and account are not those of the row';
    ELSIF NEW.state = 'in' AND NOT public.opt_out_may_be_in(NEW.phone) THEN
        flaw := 'the ledger has an opt-out or a hold about this phone that nothing has ended';
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION 'opt_outs does not take the state % by row % of the ledger: %', NEW.state, NEW.position, flaw
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- A column more than in 0022: the keys that the gate must have.
CREATE OR REPLACE VIEW opt_out_certainty AS
WITH newest AS (
    SELECT asked_at, topics, topic_ids, partition_counts FROM consumer_freshness
    WHERE consumer_group = 'hookline-opt-out' AND asked_at <= clock_timestamp()
    ORDER BY asked_at DESC LIMIT 1
), expected AS (
    SELECT shape.topic_id, generate_series(0, shape.partitions - 1) AS partition
    FROM newest, unnest(newest.topic_ids, newest.partition_counts) AS shape (topic_id, partitions)
), vouched AS (
    SELECT claim.topic_id, claim.partition, max(claim.caught_up_at) AS caught_up_at
    FROM consumer_freshness AS member,
        unnest(member.held_topic_ids, member.held_partitions, member.caught_up_at)
            AS claim (topic_id, partition, caught_up_at)
    WHERE member.consumer_group = 'hookline-opt-out' AND claim.caught_up_at <= clock_timestamp()
    GROUP BY claim.topic_id, claim.partition
), caught_up AS (
    -- An aggregate passes over what is null, and so does `least`: both would name a time for what nobody vouches for.
    SELECT CASE WHEN bool_and(vouched.caught_up_at IS NOT NULL) THEN min(vouched.caught_up_at) END AS at
    FROM expected LEFT JOIN vouched USING (topic_id, partition)
), nodes AS (
    SELECT COALESCE(sum(spooled), 0)::bigint AS spooled, max(drained_at) AS drained_at,
        min(heard_at) FILTER (WHERE stopped_at IS NULL) AS heard_at,
        (array_agg(node ORDER BY spooled DESC, heard_at) FILTER (WHERE spooled > 0))[1] AS spooling_node,
        (array_agg(node ORDER BY heard_at) FILTER (WHERE stopped_at IS NULL))[1] AS silent_node
    FROM ingest_nodes WHERE retired_at IS NULL
)
SELECT clock_timestamp() AS read_at,
    CASE WHEN caught_up.at IS NOT NULL THEN least(caught_up.at, (SELECT asked_at FROM newest)) END AS caught_up_at,
    (SELECT topics FROM newest) AS topics,
    (SELECT halted_at FROM consumer_outcomes WHERE consumer_group = 'hookline-opt-out') AS halted_at,
    nodes.spooled, nodes.spooling_node, nodes.drained_at, nodes.heard_at AS nodes_heard_at, nodes.silent_node,
    -- The position that was published and that the ledger does not reach; null: it reaches all of them.
    (SELECT p.position FROM opt_out_published AS p WHERE p.position > p.accepted_position
        AND p.position > COALESCE((SELECT max(position) FROM opt_out_ledger), 0)) AS lost_position,
    (SELECT array_agg(pepper ORDER BY pepper) FROM erased_peppers) AS erased_peppers
FROM caught_up, nodes;
