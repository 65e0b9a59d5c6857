-- Take away the rows that stand for a failure alone, where the batch now tells of the message itself.
DELETE FROM messages USING staged_events AS staged
WHERE messages.message_key = staged.message_key AND messages.own_state IS NULL;
