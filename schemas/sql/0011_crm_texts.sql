-- The text of a message whose webhook lacked it is asked for once, and kept with its note.
ALTER TABLE crm_notes ADD COLUMN text_asked_at timestamptz;
ALTER TABLE crm_notes ADD COLUMN text_awaited_until timestamptz;
ALTER TABLE crm_notes ADD COLUMN text_due_at timestamptz;
ALTER TABLE crm_notes ADD COLUMN text_tries integer NOT NULL DEFAULT 0;
ALTER TABLE crm_notes ADD COLUMN text_at timestamptz;
COMMENT ON COLUMN crm_notes.text_asked_at IS 'When the fetching of its text began; none: the webhook had it, or nobody asks.';
COMMENT ON COLUMN crm_notes.text_awaited_until IS 'Until then deliveries wait for the text, and after it they go without.';
COMMENT ON COLUMN crm_notes.text_due_at IS 'When the provider is asked next; none: no more.';
COMMENT ON COLUMN crm_notes.text_at IS 'When the fetched text was kept: it stands, whatever later webhooks say.';
CREATE INDEX crm_notes_text_due ON crm_notes (text_due_at) WHERE text_due_at IS NOT NULL;
