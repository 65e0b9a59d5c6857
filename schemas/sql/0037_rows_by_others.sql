-- Whoever is not opt-out itself adds to the ledger what the desk's commands need, and no more. The rules ask for what a
-- role may do and not for its name: a login that was given the role of an operator keeps to them as that role does.

-- Whether the current role is this one, or has all of its rights.
CREATE FUNCTION acts_as(role text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM pg_roles WHERE rolname = role AND pg_has_role(current_user, oid, 'USAGE'));

-- opt-out's own role, that of all processes of version 0.1, and the owner, who could take triggers away. These alone
-- write what was read from a topic; for every other role the rules below hold.
CREATE FUNCTION acts_as_opt_out() RETURNS boolean
    LANGUAGE sql STABLE
    RETURN acts_as('hookline_opt_out') OR acts_as('hookline_app') OR pg_has_role(
        current_user, (SELECT relowner FROM pg_class WHERE oid = 'opt_out_ledger'::regclass), 'USAGE');

-- The later of now and the newest time that the ledger knows of a phone. A node whose clock is ahead may have given that
-- one, and a decision has to be later than it. Two clocks are never the same: a minute, as in processors/opt_out/ledger.py.
CREATE FUNCTION opt_out_latest_time(of_phone text) RETURNS timestamptz
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT greatest(clock_timestamp() + interval '1 minute',
        max(greatest(received_at, effective_at, occurred_at)) + interval '1 microsecond')
    FROM public.opt_out_ledger WHERE phone = of_phone
    $$;

-- What is wrong with the times of a row that is no opt-out's own; null: nothing.
CREATE FUNCTION opt_out_times_flaw(entry opt_out_ledger) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$ BEGIN
    IF entry.effective_at > entry.received_at THEN
        RETURN 'it counts from later than it was received';
    ELSIF entry.decided_at > greatest(clock_timestamp() + interval '1 minute',
        (SELECT decided_at FROM public.opt_out_ledger ORDER BY position DESC LIMIT 1)) THEN
        RETURN 'it was decided at a time that has not come: is the clock of this machine ahead?';
    ELSIF entry.received_at > public.opt_out_latest_time(entry.phone) AND NOT (entry.actor = 'rules' AND EXISTS (
        -- A message that is read again keeps the receipt that a node gave it, whatever the node's clock said.
        SELECT FROM public.events WHERE event_id = entry.event_id AND received_at = entry.received_at
    )) THEN
        RETURN 'it was received at a time that has not come: is the clock of this machine ahead?';
    END IF;
    RETURN NULL;
END $$;

-- A correction takes back what a person may judge: a doubtful opt-in, or a stop that the rules were not sure of, as long
-- as the question about it is open. A clear stop, a report of a provider and a correction stay.
CREATE FUNCTION opt_out_correction_flaw(entry opt_out_ledger) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    corrected record;
BEGIN
    SELECT * INTO corrected FROM public.opt_out_ledger
        WHERE position = entry.corrects AND phone = ANY (public.opt_out_phones_of(entry.phone));
    IF corrected.position IS NULL THEN
        RETURN 'a correction names a row about the same number';
    ELSIF corrected.actor LIKE 'operator:%' THEN
        RETURN 'an operator takes back no row of an operator';
    ELSIF corrected.action = 'in' AND corrected.occurred_at IS NULL THEN
        RETURN NULL;
    ELSIF corrected.action = 'out' AND corrected.actor = 'contact' AND corrected.tier = 'B' AND EXISTS (
        SELECT FROM public.opt_out_reviews WHERE position = corrected.position AND kind = 'out' AND decision IS NULL
    ) THEN
        RETURN NULL;
    END IF;
    RETURN 'an operator takes back no clear stop, and nothing that nobody was asked about';
END $$;

CREATE FUNCTION opt_out_row_by_others() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    is_operator boolean := acts_as('hookline_operator');
    flaw text := opt_out_times_flaw(NEW);
BEGIN
    IF NEW.action = 'migration' THEN
        flaw := 'an operator joins no rows';
    -- What a person's own words or a provider said is written by the process that read them.
    ELSIF NEW.echo OR NOT (NEW.actor LIKE 'operator:%'
        OR (is_operator AND NEW.actor IN ('reconcile', 'rules') AND NEW.action IN ('out', 'hold'))) THEN
        flaw := 'an operator writes nothing in the name of a contact or a provider';
    -- With the id of an event, the row would stand in the place of the event's own.
    ELSIF NEW.actor LIKE 'operator:%' AND (NEW.occurred_at IS NOT NULL OR NEW.event_id IS NOT NULL) THEN
        flaw := 'an operator decides, and reports no event';
    ELSIF NEW.action = 'in' AND NOT is_operator THEN
        flaw := 'the console writes as an operator, and opts nobody in';
    -- A doubtful opt-in is confirmed as of its own receipt. One that nobody has sent cannot be, nor one that has a time
    -- of its own: it counts as it is, or came before the stop.
    ELSIF NEW.action = 'in' AND NOT EXISTS (
        SELECT FROM opt_out_ledger AS sent
        WHERE sent.phone = ANY (opt_out_phones_of(NEW.phone)) AND sent.action = 'in'
            AND sent.actor NOT LIKE 'operator:%' AND sent.occurred_at IS NULL AND sent.received_at = NEW.received_at
            AND sent.provider IS NOT DISTINCT FROM NEW.provider AND sent.account IS NOT DISTINCT FROM NEW.account
    ) THEN
        flaw := 'an operator confirms an opt-in that was sent, and writes no other';
    ELSIF NEW.action = 'correction' THEN
        flaw := coalesce(flaw, opt_out_correction_flaw(NEW));
    ELSIF NEW.corrects IS NOT NULL THEN
        flaw := coalesce(flaw, 'only a correction names another row');
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION 'opt_out_ledger does not take row %: %', NEW.position, flaw
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER opt_out_ledger_by_console ON opt_out_ledger;
DROP FUNCTION ledger_by_console();
CREATE TRIGGER opt_out_ledger_by_others BEFORE INSERT ON opt_out_ledger
    FOR EACH ROW WHEN (NOT acts_as_opt_out()) EXECUTE FUNCTION opt_out_row_by_others();

-- As in 0017, for whoever writes: without what is said above of some roles.
CREATE OR REPLACE FUNCTION opt_out_chained() RETURNS trigger
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
    END IF;
    IF flaw IS NOT NULL THEN
        RAISE EXCEPTION 'opt_out_ledger does not take row %: %', NEW.position, flaw
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- As in 0029: rows that join others are opt-out's own by the trigger above.
CREATE OR REPLACE FUNCTION opt_out_digest_fits() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    known text;
BEGIN
    IF NEW.action = 'migration' THEN
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

-- An operator has states published again, and passes over none.
DROP TRIGGER opt_out_cursors_by_operator ON opt_out_cursors;
CREATE TRIGGER opt_out_cursors_by_others BEFORE UPDATE ON opt_out_cursors
    FOR EACH ROW WHEN (NOT acts_as_opt_out() AND NEW.position > OLD.position) EXECUTE FUNCTION cursor_by_operator();
