-- After a restore a call that sets an opt-out may have been made already, as a CRM delivery may: it is looked up first.
ALTER TABLE enforcements ADD COLUMN doubtful boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN enforcements.doubtful IS 'The call may have been made before PostgreSQL was restored from a copy: the target is asked before it is made.';

CREATE FUNCTION mark_enforcement_after_restore() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.doubtful := NEW.doubtful OR EXISTS (
        SELECT FROM opt_out_ledger AS entry JOIN restores ON entry.received_at >= since AND entry.received_at < until
        WHERE entry.position = NEW.position
    );
    RETURN NEW;
END $$;
CREATE TRIGGER enforcements_after_restore BEFORE INSERT ON enforcements
    FOR EACH ROW EXECUTE FUNCTION mark_enforcement_after_restore();

-- Those that wait may have been made after the copy was taken, whenever their events were received. Enforcements are
-- locked in order of their ids, as everywhere.
CREATE FUNCTION doubt_pending_enforcements() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    WITH waiting AS (
        SELECT id FROM enforcements WHERE status = 'pending' AND NOT doubtful ORDER BY id FOR UPDATE
    )
    UPDATE enforcements AS e SET doubtful = true FROM waiting WHERE e.id = waiting.id;
    RETURN NULL;
END $$;
CREATE TRIGGER restores_doubt_enforcements AFTER INSERT ON restores
    FOR EACH STATEMENT EXECUTE FUNCTION doubt_pending_enforcements();
