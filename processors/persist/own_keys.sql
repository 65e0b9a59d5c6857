-- Of some failures, those with a message of their own key.
SELECT message_key FROM messages WHERE message_key = ANY (%s) AND own_state IS NOT NULL;
