WITH texted AS (
    SELECT DISTINCT provider, account, contact_phone
    FROM {{ analytics('messages') }}
    WHERE direction = 'out' AND {{ in_window('first_at') }}
), stopped AS (
    SELECT DISTINCT provider, account, contact_phone
    FROM {{ analytics('opt_outs') }}
    WHERE {{ in_window('opted_out_at') }}
)
SELECT
    texted.provider,
    texted.account,
    count(stopped.contact_phone) AS opt_outs,
    count(*) AS texted,
    CAST(count(stopped.contact_phone) AS double precision) / count(*) AS opt_out_rate
FROM texted
LEFT JOIN stopped
    ON stopped.provider = texted.provider
    AND stopped.account = texted.account
    AND stopped.contact_phone = texted.contact_phone
GROUP BY texted.provider, texted.account
