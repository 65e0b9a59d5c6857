-- A state is what the ledger's rows let it be, in both directions, and what is due for a number that is out stays due.

-- Whether a stop of one of these actions stands that nothing has ended, under any setting. What decides is
-- processors/opt_out/fold.py, which is stricter; this holds for whoever writes.
CREATE FUNCTION opt_out_stands(of_phone text, actions text[]) RETURNS boolean
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
    RETURN EXISTS (
        SELECT FROM public.opt_out_ledger AS stop
        WHERE stop.phone = ANY (phones) AND stop.position >= 1 AND stop.action = ANY (actions)
            AND NOT stop.position = ANY (voided)
            AND NOT EXISTS (
                SELECT FROM public.opt_out_ledger AS ender
                LEFT JOIN public.provider_facts AS facts USING (provider)
                WHERE ender.phone = ANY (phones) AND ender.position >= 1 AND NOT ender.position = ANY (voided)
                    -- An opt-in that may be a repeat ends nothing (is_surely_new in fold.py).
                    AND ((ender.action = 'in' AND (ender.actor LIKE 'operator:%' OR ender.occurred_at IS NOT NULL
                            OR (facts.numbers_deliveries AND substr(ender.event_id::text, 15, 1) = '5')))
                        OR (stop.action = 'hold' AND ender.action IN ('out', 'release')))
                    AND CASE WHEN facts.one_clock AND ender.provider = stop.provider
                            AND ender.occurred_at IS NOT NULL AND stop.occurred_at IS NOT NULL
                        THEN ender.occurred_at > stop.occurred_at
                        ELSE ender.effective_at > stop.effective_at AND ender.received_at > stop.received_at END
            )
    );
END $$;

CREATE OR REPLACE FUNCTION opt_out_may_be_in(of_phone text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT NOT public.opt_out_stands(of_phone, ARRAY['out', 'hold']) $$;

-- As in 0033, and no hold where an opt-out stands.
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
    ELSIF NEW.state = 'hold' AND public.opt_out_stands(NEW.phone, ARRAY['out']) THEN
        flaw := 'the ledger has an opt-out about this phone that nothing has ended';
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION 'opt_outs does not take the state % by row % of the ledger: %', NEW.state, NEW.position, flaw
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- Whoever is not opt-out orders calls, and takes orders back that the ledger says nobody needs any more; that a call was
-- made is for the process that makes it to say, and when it is made too.
CREATE FUNCTION enforcement_by_others() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    is_new boolean := TG_OP = 'INSERT';
    flaw text;
BEGIN
    -- Whoever erases puts a digest in the phone's place, of a call that was made too.
    IF (NEW.status NOT IN ('pending', 'parked', 'cancelled')
            AND (is_new OR NEW.phone = OLD.phone OR NEW.status <> OLD.status))
        OR (is_new AND NEW.done_at IS NOT NULL) THEN
        flaw := format('an operator does not say that a call is %s', NEW.status);
    ELSIF (is_new OR NEW.status <> OLD.status) AND NEW.status <> 'pending'
        AND NOT (NEW.status = 'parked' AND NEW.phone !~ '^\+[1-9][0-9]{6,14}$') AND (
            public.opt_out_stands(NEW.phone, ARRAY['out'])
            OR EXISTS (SELECT FROM public.opt_outs WHERE phone = NEW.phone AND state = 'out')
        ) THEN
        flaw := 'the call of a number that is out stays to be made';
    END IF;
    IF flaw IS NULL AND (
        ((is_new OR NEW.next_attempt_at IS DISTINCT FROM OLD.next_attempt_at)
            AND NEW.next_attempt_at > clock_timestamp() + interval '1 minute')
        OR (NEW.leased_until IS NOT NULL AND (is_new OR NEW.leased_until IS DISTINCT FROM OLD.leased_until))
    ) THEN
        flaw := 'an operator puts off no call';
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION '%', flaw USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER enforcements_by_operator ON enforcements;
DROP TRIGGER enforcements_by_console ON enforcements;
DROP FUNCTION enforcement_by_operator();
CREATE TRIGGER enforcements_by_others BEFORE INSERT OR UPDATE ON enforcements
    FOR EACH ROW WHEN (NOT acts_as_opt_out()) EXECUTE FUNCTION enforcement_by_others();

-- A question is asked about a hold or an opt-in that is in the ledger, and then only answered: whether a stop was one is
-- asked by opt-out alone, because its answer takes the stop back.
CREATE FUNCTION opt_out_review_by_others() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.kind NOT IN ('hold', 'opt-in') OR NEW.decision IS NOT NULL THEN
            RAISE EXCEPTION 'an operator opens no question of the kind %', NEW.kind
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF NEW.phone IS NOT DISTINCT FROM OLD.phone AND (
        to_jsonb(NEW) - 'decision' - 'decided_by' - 'decided_at'
            IS DISTINCT FROM to_jsonb(OLD) - 'decision' - 'decided_by' - 'decided_at'
        OR coalesce(OLD.decision, 'superseded') <> 'superseded'
    ) THEN
        RAISE EXCEPTION 'an operator answers questions that are open, and changes nothing else of them'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opt_out_reviews_by_others BEFORE INSERT OR UPDATE ON opt_out_reviews
    FOR EACH ROW WHEN (NOT acts_as_opt_out()) EXECUTE FUNCTION opt_out_review_by_others();
