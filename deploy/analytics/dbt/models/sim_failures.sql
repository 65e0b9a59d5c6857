SELECT sim_card_id, phone, messages_out, failed, failure_rate
FROM {{ analytics('sims') }}
