-- Take away the rows that stand for a failure alone, where the batch now tells of the message itself.
DELETE FROM messages WHERE message_key = ANY (%s) AND own_state IS NULL;
