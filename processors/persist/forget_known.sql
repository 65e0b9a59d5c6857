-- Drop from the batch what an earlier transaction has stored: its effects are there already.
DELETE FROM staged_events AS staged
USING events
WHERE events.event_id = staged.event_id AND events.stored_at <> now();
