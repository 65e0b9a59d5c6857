-- transactional: false
-- An event whose phone was no full number when it came, by the last digits, as opt_outs.lookup_key. There are few, so the
-- index is small. Built without locking out persist; one that an interrupted build has left invalid is built again.
DROP INDEX CONCURRENTLY IF EXISTS events_by_odd_phone;
CREATE INDEX CONCURRENTLY events_by_odd_phone ON events (phone_lookup_key(contact_phone)) WHERE NOT phone_valid;
