-- A note of a whole day gathers the messages of one contact.
CREATE INDEX crm_notes_by_phone ON crm_notes (contact_phone, first_at);
COMMENT ON COLUMN crm_links.written IS 'Of a contact: name, tags, opted_out; of a note: the digest of its text; of a message that stands in a note of its day: the days.';
