-- The chain holds a keyed digest of the phone, and the phone stands beside it: one that is erased breaks no chain.
-- Rows of before keep the hash that they have, over the phone itself (chain_version 1). A row with the action
-- `migration` takes them into the chain a second time, by their digests; processors/opt_out/phone_join.py writes it.

ALTER TABLE opt_out_ledger ADD COLUMN chain_version smallint NOT NULL DEFAULT 1 CHECK (chain_version IN (1, 2));
ALTER TABLE opt_out_ledger ADD COLUMN phone_digest text;
ALTER TABLE opt_out_ledger ADD COLUMN phone_pepper text;
COMMENT ON COLUMN opt_out_ledger.chain_version IS 'What the hash is over: 1 all other columns of that time, the phone among them; 2 the digest in place of the phone.';
COMMENT ON COLUMN opt_out_ledger.phone_digest IS 'HMAC-SHA256 of the phone, in the hash of version 2.';
COMMENT ON COLUMN opt_out_ledger.phone_pepper IS 'The name of the key of that digest.';

ALTER TABLE opt_out_ledger DROP CONSTRAINT opt_out_ledger_action_check;
ALTER TABLE opt_out_ledger ADD CONSTRAINT opt_out_ledger_action_check
    CHECK (action IN ('out', 'in', 'hold', 'release', 'correction', 'migration')) NOT VALID;
-- A row about nobody has no phone, and the only such row is the one that joins others.
ALTER TABLE opt_out_ledger ADD CONSTRAINT opt_out_ledger_digest_check CHECK (
    CASE WHEN action = 'migration' THEN chain_version = 2 AND phone = '' AND actor = 'migration'
            AND phone_digest IS NULL AND phone_pepper IS NULL AND coalesce(event_hash, '') ~ '^[0-9a-f]{64}$'
        WHEN chain_version = 2 THEN coalesce(phone_digest, '') ~ '^[0-9a-f]{64}$'
            AND coalesce(phone_pepper, '') ~ '^[0-9a-f]{16}$'
        ELSE phone_digest IS NULL AND phone_pepper IS NULL END
) NOT VALID;
CREATE INDEX opt_out_ledger_migrations ON opt_out_ledger (position) WHERE action = 'migration';

CREATE TABLE opt_out_joined_phones (
    position     bigint PRIMARY KEY REFERENCES opt_out_ledger (position),
    phone_digest text NOT NULL CHECK (phone_digest ~ '^[0-9a-f]{64}$'),
    phone_pepper text NOT NULL CHECK (phone_pepper ~ '^[0-9a-f]{16}$')
);
COMMENT ON TABLE opt_out_joined_phones IS 'The digests of the phones of rows with chain_version 1, as the next row with the action migration has them.';
CREATE TRIGGER opt_out_joined_phones_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON opt_out_joined_phones
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();

-- As in 0017, which version 1 is still hashed by; version 2 has the digest and its key's name in place of the phone.
ALTER FUNCTION opt_out_row_hash(opt_out_ledger) RENAME TO opt_out_row_hash_1;
CREATE FUNCTION opt_out_row_hash_2(entry opt_out_ledger) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    texts text[] := ARRAY[entry.account, entry.account_phone, entry.action, entry.actor, entry.event_hash,
        entry.evidence_digest, entry.message_id, entry.phone_digest, entry.phone_pepper, entry.previous_hash,
        entry.provider, entry.reason, entry.rule, entry.tier, entry.topic];
    times timestamptz[] := ARRAY[entry.deadline, entry.decided_at, entry.effective_at, entry.occurred_at,
        entry.received_at];
    stamps text[] := '{}';
    hashed text;
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
    hashed := concat('{"account":', texts[1], ',"account_phone":', texts[2], ',"action":', texts[3],
        ',"actor":', texts[4], ',"chain_version":2', ',"corrects":', coalesce(entry.corrects::text, 'null'),
        ',"deadline":', stamps[1], ',"decided_at":', stamps[2],
        ',"echo":', CASE WHEN entry.echo THEN 'true' ELSE 'false' END,
        ',"effective_at":', stamps[3], ',"event_hash":', texts[5],
        ',"event_id":', coalesce('"' || entry.event_id || '"', 'null'), ',"evidence_digest":', texts[6],
        ',"message_id":', texts[7], ',"occurred_at":', stamps[4],
        ',"partition":', coalesce(entry.partition::text, 'null'), ',"phone_digest":', texts[8],
        ',"phone_pepper":', texts[9], ',"position":', entry.position, ',"previous_hash":', texts[10],
        ',"provider":', texts[11], ',"reason":', texts[12], ',"received_at":', stamps[5],
        ',"record_offset":', coalesce(entry.record_offset::text, 'null'), ',"rule":', texts[13],
        ',"rule_set":', coalesce(entry.rule_set::text, 'null'), ',"tier":', texts[14], ',"topic":', texts[15], '}');
    RETURN encode(sha256(convert_to(hashed, 'UTF8')), 'hex');
END $$;
CREATE FUNCTION opt_out_row_hash(entry opt_out_ledger) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE entry.chain_version WHEN 1 THEN public.opt_out_row_hash_1(entry) ELSE public.opt_out_row_hash_2(entry) END
    $$;

-- The digest that a phone has by a key is always the same: a row about somebody else's cannot be put behind it.
-- A row that joins others is opt-out's own.
CREATE FUNCTION opt_out_digest_fits() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    known text;
BEGIN
    IF NEW.action = 'migration' THEN
        IF current_user IN ('hookline_operator', 'hookline_console') THEN
            RAISE EXCEPTION 'opt_out_ledger does not take row %: an operator joins no rows', NEW.position
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    SELECT phone_digest INTO known FROM public.opt_out_ledger
        WHERE phone = NEW.phone AND phone_pepper = NEW.phone_pepper ORDER BY position LIMIT 1;
    IF known IS DISTINCT FROM NEW.phone_digest AND known IS NOT NULL THEN
        RAISE EXCEPTION 'opt_out_ledger does not take row %: its phone_digest is that of another phone', NEW.position
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opt_out_ledger_digest_fits BEFORE INSERT ON opt_out_ledger
    FOR EACH ROW WHEN (NEW.chain_version = 2) EXECUTE FUNCTION opt_out_digest_fits();
