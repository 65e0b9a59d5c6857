-- transactional: false
-- What is no E.164 in place of a phone, by its keys: opt_outs for the gate, events for hookline trace. There are few,
-- so both indexes are small, and neither table is written anew. Built without locking anybody out; one that an
-- interrupted build has left invalid is built again. The indexes of before stay for the release before.
DROP INDEX CONCURRENTLY IF EXISTS opt_outs_by_odd_phone;
CREATE INDEX CONCURRENTLY opt_outs_by_odd_phone ON opt_outs USING gin (phone_lookup_keys(phone))
    WHERE phone !~ '^[+][0-9]+$';
DROP INDEX CONCURRENTLY IF EXISTS events_by_odd_phone_keys;
CREATE INDEX CONCURRENTLY events_by_odd_phone_keys ON events USING gin (phone_lookup_keys(contact_phone))
    WHERE NOT phone_valid;
