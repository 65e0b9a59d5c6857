-- Who has changed what in the console, and who has logged in. Who has looked at personal data is in data_reveals.
CREATE TABLE console_records (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    username    text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('change', 'login')),
    action      text NOT NULL,
    subject     text NOT NULL,
    reason      text NOT NULL
);
COMMENT ON TABLE console_records IS 'What users of the console changed, written in the transaction of the change, and when they logged in and out; rows are only added.';
COMMENT ON COLUMN console_records.username IS 'The name in the console''s users file.';
COMMENT ON COLUMN console_records.action IS 'What was done, such as hold, release or redrive.';
COMMENT ON COLUMN console_records.subject IS 'What was changed, such as a row of the ledger; holds no phone number.';
COMMENT ON COLUMN console_records.reason IS 'Why, in the words of the user.';
CREATE INDEX console_records_by_time ON console_records (recorded_at);
CREATE INDEX data_reveals_by_time ON data_reveals (revealed_at);
CREATE TRIGGER console_records_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON console_records
    FOR EACH STATEMENT EXECUTE FUNCTION opt_out_only_added();

-- The console writes to the ledger in the name of its operators, and neither opts anybody in nor says that a call was
-- made. The triggers of 0017 hold for it as for everybody; these are its own.
CREATE FUNCTION ledger_by_console() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$ BEGIN
    IF NEW.echo OR NEW.actor NOT LIKE 'operator:%' OR NEW.action = 'in' THEN
        RAISE EXCEPTION 'the console writes as an operator, and opts nobody in' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opt_out_ledger_by_console BEFORE INSERT ON opt_out_ledger
    FOR EACH ROW WHEN (current_user = 'hookline_console') EXECUTE FUNCTION ledger_by_console();
CREATE TRIGGER enforcements_by_console BEFORE INSERT OR UPDATE ON enforcements
    FOR EACH ROW WHEN (current_user = 'hookline_console') EXECUTE FUNCTION enforcement_by_operator();
