WITH texted AS (
    SELECT provider, account, count(DISTINCT contact_phone) AS phones
    FROM {{ analytics('messages') }}
    WHERE direction = 'out' AND {{ in_window('first_at') }}
    GROUP BY provider, account
), stopped AS (
    SELECT provider, account, CAST(sum(opt_outs) AS bigint) AS phones
    FROM {{ analytics('daily') }}
    WHERE {{ day_in_window('day') }}
    GROUP BY provider, account
)
SELECT
    a.provider,
    a.account,
    stopped.phones AS opt_outs,
    texted.phones AS texted,
    CAST(stopped.phones AS double precision) / texted.phones AS opt_out_rate
FROM {{ analytics('accounts') }} AS a
LEFT JOIN texted ON texted.provider = a.provider AND texted.account = a.account
LEFT JOIN stopped ON stopped.provider = a.provider AND stopped.account = a.account
