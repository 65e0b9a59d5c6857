-- What the messages of some keys have joined to them until now, and what the failures of these keys have joined:
-- the times at which a change of theirs matters to others.
SELECT told.key, had.failure_at, joined.sent_at
FROM unnest(%s::text[]) AS told (key)
LEFT JOIN messages AS had ON had.message_key = told.key
LEFT JOIN message_failures AS failure ON failure.message_key = told.key
LEFT JOIN messages AS joined ON joined.message_key = failure.joined_key;
