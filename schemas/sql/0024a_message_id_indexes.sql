-- transactional: false
-- A message by each id that a provider or a sender knows it by. Built without locking out persist; an index that an
-- interrupted build has left invalid is built again.
DROP INDEX CONCURRENTLY IF EXISTS messages_by_provider_id;
CREATE INDEX CONCURRENTLY messages_by_provider_id ON messages (provider_message_id) WHERE provider_message_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_by_custom_id;
CREATE INDEX CONCURRENTLY messages_by_custom_id ON messages (custom_id) WHERE custom_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_by_failure_id;
CREATE INDEX CONCURRENTLY messages_by_failure_id ON messages (failure_id) WHERE failure_id IS NOT NULL;
