-- A change of rules is a decision: what it found in the stored history is held under its id.
CREATE TABLE opt_out_rule_changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    older      integer NOT NULL,
    newer      integer NOT NULL,
    since      timestamptz,
    messages   bigint NOT NULL,
    holds      bigint NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL
);
COMMENT ON TABLE opt_out_rule_changes IS 'Each time that a newer rule set was applied to the stored history; rows of the ledger that came of it name its id in their reason.';
COMMENT ON COLUMN opt_out_rule_changes.older IS 'The rule set whose decisions were looked at again.';
COMMENT ON COLUMN opt_out_rule_changes.newer IS 'The rule set that they were compared with.';
COMMENT ON COLUMN opt_out_rule_changes.since IS 'Messages received from then on; none: all that are stored.';
COMMENT ON COLUMN opt_out_rule_changes.messages IS 'Messages that were read.';
COMMENT ON COLUMN opt_out_rule_changes.holds IS 'Rows that were added to the ledger.';
