-- The database itself holds the chain together and keeps states behind rows, whoever writes. These functions name the
-- schema of what they read: a temporary table of the same name would be read first otherwise.

-- What was written before is left as it is: `hookline opt-outs verify` reports it.
ALTER TABLE opt_out_ledger ADD CONSTRAINT opt_out_ledger_position_check CHECK (position >= 1) NOT VALID;
-- Times that every reader can hold: a row that cannot be read would hide the rows behind it.
ALTER TABLE opt_out_ledger ADD CONSTRAINT opt_out_ledger_times_check CHECK (
    effective_at BETWEEN '0001-01-02Z' AND '9999-12-30Z' AND received_at BETWEEN '0001-01-02Z' AND '9999-12-30Z'
    AND decided_at BETWEEN '0001-01-02Z' AND '9999-12-30Z'
    AND (occurred_at IS NULL OR occurred_at BETWEEN '0001-01-02Z' AND '9999-12-30Z')
    AND (deadline IS NULL OR deadline BETWEEN '0001-01-02Z' AND '9999-12-30Z')
) NOT VALID;

-- A text as JSON in ASCII, as Python's json.dumps writes it.
CREATE FUNCTION opt_out_json_text(given text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT '"' || coalesce(string_agg(CASE
        WHEN letter IN ('"', '\') THEN '\' || letter
        WHEN code BETWEEN 32 AND 126 THEN letter
        WHEN code = 8 THEN '\b' WHEN code = 9 THEN '\t' WHEN code = 10 THEN '\n'
        WHEN code = 12 THEN '\f' WHEN code = 13 THEN '\r'
        WHEN code < 65536 THEN '\u' || lpad(to_hex(code), 4, '0')
        ELSE '\u' || to_hex(55296 + ((code - 65536) >> 10)) || '\u' || to_hex(56320 + ((code - 65536) & 1023))
        END, '' ORDER BY place), '') || '"'
    FROM unnest(string_to_array(given, NULL)) WITH ORDINALITY AS letters (letter, place), ascii(letter) AS code
    $$;

-- The hash that a row ought to have: SHA-256 of all other columns as canonical JSON (sorted keys, no spaces).
CREATE FUNCTION opt_out_row_hash(entry opt_out_ledger) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- In this order; what is plain ASCII, nearly everything, needs no escaping.
    texts text[] := ARRAY[entry.account, entry.account_phone, entry.action, entry.actor, entry.event_hash,
        entry.evidence_digest, entry.message_id, entry.phone, entry.previous_hash, entry.provider, entry.reason,
        entry.rule, entry.tier, entry.topic];
    times timestamptz[] := ARRAY[entry.deadline, entry.decided_at, entry.effective_at, entry.occurred_at,
        entry.received_at];
    stamps text[] := '{}';
    told text;
BEGIN
    FOR i IN 1 .. array_length(texts, 1) LOOP
        texts[i] := CASE WHEN texts[i] IS NULL THEN 'null'
            WHEN texts[i] COLLATE "C" ~ '^[ !#-[\]-~]*$' THEN '"' || texts[i] || '"'
            ELSE public.opt_out_json_text(texts[i]) END;
    END LOOP;
    FOR i IN 1 .. array_length(times, 1) LOOP
        stamps[i] := coalesce(
            '"' || to_char(times[i] AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00"', 'null');
    END LOOP;
    told := concat('{"account":', texts[1], ',"account_phone":', texts[2], ',"action":', texts[3],
        ',"actor":', texts[4], ',"corrects":', coalesce(entry.corrects::text, 'null'), ',"deadline":', stamps[1],
        ',"decided_at":', stamps[2], ',"echo":', CASE WHEN entry.echo THEN 'true' ELSE 'false' END,
        ',"effective_at":', stamps[3], ',"event_hash":', texts[5],
        ',"event_id":', coalesce('"' || entry.event_id || '"', 'null'), ',"evidence_digest":', texts[6],
        ',"message_id":', texts[7], ',"occurred_at":', stamps[4],
        ',"partition":', coalesce(entry.partition::text, 'null'), ',"phone":', texts[8],
        ',"position":', entry.position, ',"previous_hash":', texts[9], ',"provider":', texts[10],
        ',"reason":', texts[11], ',"received_at":', stamps[5],
        ',"record_offset":', coalesce(entry.record_offset::text, 'null'), ',"rule":', texts[12],
        ',"rule_set":', coalesce(entry.rule_set::text, 'null'), ',"tier":', texts[13], ',"topic":', texts[14], '}');
    RETURN encode(sha256(convert_to(told, 'UTF8')), 'hex');
END $$;

-- A new row follows the newest. The primary key lets one of two that follow the same row in.
CREATE FUNCTION opt_out_chained() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    head record;
    flaw text;
BEGIN
    SELECT position, hash INTO head FROM public.opt_out_ledger ORDER BY position DESC LIMIT 1;
    IF NEW.position IS DISTINCT FROM coalesce(head.position, 0) + 1 THEN
        flaw := format('its position is %s, after row %s', NEW.position, coalesce(head.position, 0));
    ELSIF NEW.previous_hash IS DISTINCT FROM coalesce(head.hash, repeat('0', 64)) THEN
        flaw := 'its previous_hash is not the hash of the row before it';
    ELSIF NEW.hash IS DISTINCT FROM public.opt_out_row_hash(NEW) THEN
        flaw := 'its hash is not that of its columns';
    -- What a person's own words or a provider said is written by the process that read them.
    ELSIF current_user = 'hookline_operator'
        AND (NEW.echo OR NOT (NEW.actor LIKE 'operator:%'
            OR (NEW.actor IN ('reconcile', 'rules') AND NEW.action IN ('out', 'hold')))) THEN
        flaw := 'an operator writes nothing in the name of a contact or a provider';
    -- A doubtful opt-in is confirmed as of its own receipt. One that nobody has sent cannot be.
    ELSIF current_user = 'hookline_operator' AND NEW.action = 'in' AND NOT EXISTS (
        SELECT FROM public.opt_out_ledger AS sent
        WHERE sent.phone = NEW.phone AND sent.action = 'in' AND sent.actor NOT LIKE 'operator:%'
            AND sent.received_at = NEW.received_at AND NEW.occurred_at IS NULL
            AND sent.provider IS NOT DISTINCT FROM NEW.provider AND sent.account IS NOT DISTINCT FROM NEW.account
    ) THEN
        flaw := 'an operator confirms an opt-in that was sent, and writes no other';
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION 'opt_out_ledger does not take row %: %', NEW.position, flaw
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opt_out_ledger_chained BEFORE INSERT ON opt_out_ledger
    FOR EACH ROW EXECUTE FUNCTION opt_out_chained();

-- Whether the ledger's rows about a phone let it be `in` under any setting: every stop is undone by a later opt-in, and
-- every hold was ended. What decides is processors/opt_out/fold.py, which is stricter; this holds for whoever writes.
CREATE FUNCTION opt_out_may_be_in(of_phone text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    voided bigint[] := '{}';
    correction record;
BEGIN
    FOR correction IN SELECT position, corrects FROM public.opt_out_ledger
        WHERE phone = of_phone AND action = 'correction' AND position >= 1 ORDER BY position DESC
    LOOP
        IF correction.corrects < correction.position AND NOT correction.position = ANY (voided) THEN
            voided := voided || correction.corrects;
        END IF;
    END LOOP;
    RETURN NOT EXISTS (
        SELECT FROM public.opt_out_ledger AS stop
        WHERE stop.phone = of_phone AND stop.position >= 1 AND stop.action IN ('out', 'hold')
            AND NOT stop.position = ANY (voided)
            AND NOT EXISTS (
                SELECT FROM public.opt_out_ledger AS ender
                WHERE ender.phone = of_phone AND ender.position >= 1 AND NOT ender.position = ANY (voided)
                    AND (ender.action = 'in' OR (stop.action = 'hold' AND ender.action IN ('out', 'release')))
                    AND ((ender.provider = stop.provider AND ender.occurred_at > stop.occurred_at)
                        OR (ender.effective_at > stop.effective_at AND ender.received_at > stop.received_at))
            )
    );
END $$;

-- A state stands behind rows of the ledger about the very same phone, and goes only where there is none.
CREATE FUNCTION opt_out_state_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    entry record;
    newest bigint;
    flaw text;
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.phone IS DISTINCT FROM OLD.phone) THEN
        IF EXISTS (SELECT FROM public.opt_out_ledger WHERE phone = OLD.phone AND position >= 1) THEN
            RAISE EXCEPTION 'a state that the ledger has rows about stays in opt_outs'
                USING ERRCODE = 'insufficient_privilege';
        ELSIF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
    END IF;
    SELECT phone, action, effective_at, provider, account INTO entry
        FROM public.opt_out_ledger WHERE position = NEW.position AND position >= 1;
    SELECT max(position) INTO newest FROM public.opt_out_ledger WHERE phone = NEW.phone AND position >= 1;
    IF entry.phone IS DISTINCT FROM NEW.phone THEN
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
CREATE TRIGGER opt_outs_follow BEFORE INSERT OR UPDATE OR DELETE ON opt_outs
    FOR EACH ROW EXECUTE FUNCTION opt_out_state_follows();
CREATE TRIGGER opt_outs_kept BEFORE TRUNCATE ON opt_outs
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();

-- A processor writes the positions and outcomes of its own group: `hookline_opt_out` those of hookline-opt-out. One that
-- could move another's would have it skip stops. The policies that ask this are put on the tables by
-- `hookline db migrate` (GROUP_TABLES in schemas/privileges.py); `hookline_app` was the role of all processes.
CREATE FUNCTION writes_group(consumer_group text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_user IN ('hookline_operator', 'hookline_app') OR replace(consumer_group, '-', '_') = current_user;

-- An operator orders calls and takes orders back that nobody needs any more; that a call was made is for the process
-- that makes it to say.
CREATE FUNCTION enforcement_by_operator() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    stands text;
BEGIN
    IF NEW.status NOT IN ('pending', 'parked', 'cancelled') OR (TG_OP = 'INSERT' AND NEW.done_at IS NOT NULL) THEN
        RAISE EXCEPTION 'an operator does not say that a call is %', NEW.status USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT state INTO stands FROM public.opt_outs WHERE phone = NEW.phone;
    IF stands = 'out' AND NEW.status <> 'pending' AND (TG_OP = 'INSERT' OR NEW.status <> OLD.status)
        AND NOT (NEW.status = 'parked' AND NEW.phone !~ '^\+[1-9][0-9]{6,14}$') THEN
        RAISE EXCEPTION 'the call of a number that is out stays to be made' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER enforcements_by_operator BEFORE INSERT OR UPDATE ON enforcements
    FOR EACH ROW WHEN (current_user = 'hookline_operator') EXECUTE FUNCTION enforcement_by_operator();

-- An operator has states published again, and passes over none.
CREATE FUNCTION cursor_by_operator() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'an operator moves a cursor back only' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER opt_out_cursors_by_operator BEFORE UPDATE ON opt_out_cursors
    FOR EACH ROW WHEN (current_user = 'hookline_operator' AND NEW.position > OLD.position)
    EXECUTE FUNCTION cursor_by_operator();
