SELECT day, provider, account, messages_in, messages_out, failed
FROM {{ analytics('daily') }}
