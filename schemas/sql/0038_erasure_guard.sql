-- Whoever erases puts a number's own digest in its place, and the number stays as it stood. A link of a wrong pair, rows
-- that are moved without their number, or a state that goes without being found by its digest, would open it.

-- Two texts are one number where the ledger has the digest beside the phone. opt-out, which has the key, links those too
-- that were digested by another key; `hookline opt-outs verify` compares each link with the key.
CREATE FUNCTION erased_return_by_others() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM public.opt_out_ledger WHERE phone = OLD.phone)
            OR EXISTS (SELECT FROM public.opt_outs WHERE phone = OLD.phone) THEN
            RAISE EXCEPTION 'a link stays in erased_returns as long as its phone is in the ledger or in opt_outs'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    ELSIF TG_OP = 'UPDATE' OR NOT (
        EXISTS (SELECT FROM public.erased_returns WHERE phone = NEW.phone AND erased_phone = NEW.erased_phone)
        OR EXISTS (SELECT FROM public.opt_out_ledger WHERE phone = NEW.phone AND chain_version = 2
            AND format('erased:%s:%s', phone_pepper, phone_digest) = NEW.erased_phone)
        OR EXISTS (SELECT FROM public.opt_out_ledger AS l JOIN public.opt_out_joined_phones AS j USING (position)
            WHERE l.phone = NEW.phone AND l.chain_version = 1
                AND format('erased:%s:%s', j.phone_pepper, j.phone_digest) = NEW.erased_phone)
    ) THEN
        RAISE EXCEPTION 'erased_returns does not take a link: the ledger has no such digest of the phone'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER erased_returns_by_others BEFORE INSERT OR UPDATE OR DELETE ON erased_returns
    FOR EACH ROW WHEN (NOT acts_as_opt_out()) EXECUTE FUNCTION erased_return_by_others();

-- As in 0033, but that the two texts are linked first, so that rows that were moved and rows that were not fold together.
CREATE OR REPLACE FUNCTION opt_out_phone_erased() RETURNS trigger
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
    SELECT phone_digest INTO known
        FROM (SELECT NEW.phone_digest WHERE NEW.chain_version = 2
            UNION ALL SELECT j.phone_digest FROM public.opt_out_joined_phones AS j
            WHERE j.position = NEW.position AND NEW.chain_version = 1) AS digests (phone_digest);
    IF known IS NULL THEN
        RAISE EXCEPTION 'row % of opt_out_ledger is hashed with its phone, and no digest stands for it yet', NEW.position
            USING ERRCODE = 'insufficient_privilege';
    ELSIF NOT NEW.phone = ANY (public.opt_out_phones_of(OLD.phone)) OR NEW.phone NOT LIKE 'erased:%' THEN
        RAISE EXCEPTION 'row % of opt_out_ledger: this is not the digest of its phone', NEW.position
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- The state of a number whose rows were erased goes when it stands under the digest, and the gate finds it there: at the
-- end of the transaction, because the digests are written after it.
CREATE FUNCTION opt_out_state_is_found() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    kept_as text;
BEGIN
    SELECT phone INTO kept_as FROM public.opt_out_ledger WHERE position = OLD.position AND phone LIKE 'erased:%';
    IF kept_as IS NOT NULL AND NOT (
        EXISTS (SELECT FROM public.opt_outs WHERE phone = kept_as)
        AND EXISTS (SELECT FROM public.erased_numbers
            WHERE phone = kept_as AND digest = split_part(kept_as, ':', 3))
        AND EXISTS (SELECT FROM public.erased_peppers WHERE pepper = split_part(kept_as, ':', 2))
    ) THEN
        RAISE EXCEPTION 'a state goes from opt_outs when the number is found by its digest, and not before'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER opt_outs_found_when_erased AFTER DELETE OR UPDATE OF phone ON opt_outs
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION opt_out_state_is_found();

-- A call or a question goes along with its number, once it is made or answered.
CREATE FUNCTION opt_out_phone_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$ BEGIN
    IF (NEW.phone LIKE 'erased:%' AND NEW.phone = ANY (public.opt_out_phones_of(OLD.phone))
        AND CASE TG_TABLE_NAME WHEN 'enforcements' THEN to_jsonb(OLD) ->> 'status' <> 'pending'
            ELSE to_jsonb(OLD) ->> 'decision' IS NOT NULL END) IS NOT TRUE THEN
        RAISE EXCEPTION '% takes the digest of its phone in the place of it, once nothing is due', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER enforcements_phone_follows BEFORE UPDATE ON enforcements
    FOR EACH ROW WHEN (NEW.phone IS DISTINCT FROM OLD.phone AND NOT acts_as_opt_out())
    EXECUTE FUNCTION opt_out_phone_follows();
CREATE TRIGGER opt_out_reviews_phone_follows BEFORE UPDATE ON opt_out_reviews
    FOR EACH ROW WHEN (NEW.phone IS DISTINCT FROM OLD.phone AND NOT acts_as_opt_out())
    EXECUTE FUNCTION opt_out_phone_follows();
