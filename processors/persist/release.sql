-- Take failures off the messages that they no longer join; a row that stood for one alone goes with it.
WITH gone AS (DELETE FROM messages WHERE message_key = ANY (%(keys)s) AND own_state IS NULL)
UPDATE messages SET failure_key = NULL, failure_at = NULL, failure_custom_id = NULL, failure_failure_id = NULL,
    failure_portal = NULL, failure_last_at = NULL, updated_at = now()
WHERE message_key = ANY (%(keys)s) AND own_state IS NOT NULL;
