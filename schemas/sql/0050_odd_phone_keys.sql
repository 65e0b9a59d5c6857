-- A text in place of a phone may hold two numbers, escaped digits, or digits that are raised or in circles. It is found
-- by every key that one of its numbers may have. What is in E.164 is found by opt_outs.lookup_key, as before.

-- The last six digits of every number that a text may hold: of all its digits, of those up to an extension, and of each
-- part with seven digits or more. phone_lookup_key, which the release before goes on using, knows the second alone, and
-- fewer kinds of digits. The escape of a digit is that digit, any other escape a space. Digits of every script count,
-- listed by their zeros, and the others by their first, their last, and where their zero would be (Unicode 16).
CREATE FUNCTION phone_lookup_keys(phone text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog
    AS $$
    WITH plain AS (
        SELECT regexp_replace(string_agg(CASE
            WHEN token ~ '^%(25)*3[0-9]$' THEN right(token, 1)
            WHEN token ~ '^&(amp;)*#0*(4[89]|5[0-7]);$' THEN chr(substring(token FROM '([0-9]{2});$')::integer)
            WHEN token ~* '^&(amp;)*#x0*3[0-9];$' THEN substring(token FROM '([0-9]);$')
            WHEN token ~ '^[%&].' THEN ' '
            ELSE coalesce((ascii(token) - script.zero)::text, (ascii(token) - other.zero)::text, token)
            END, '' ORDER BY place),
            '[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0\ufe00-\ufe0f\ufeff]', '', 'g')
            AS written
        FROM regexp_matches(phone,
            '%(?:25)*[0-9A-Fa-f]{2}|&(?:amp;)*(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);|.', 'g') WITH ORDINALITY
            AS tokens (matched, place)
        CROSS JOIN LATERAL (SELECT matched[1]) AS first (token)
        LEFT JOIN unnest(ARRAY[
            48, 1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792,
            3872, 4160, 4240, 6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264,
            43472, 43504, 43600, 44016, 65296, 66720, 68912, 68928, 69734, 69872, 69942, 70096, 70384, 70736,
            70864, 71248, 71360, 71376, 71386, 71472, 71904, 72016, 72688, 72784, 73040, 73120, 73552, 90416,
            92768, 92864, 93008, 93552, 118000, 120782, 120792, 120802, 120812, 120822, 123200, 123632,
            124144, 124401, 125264, 130032
        ]) AS script (zero) ON ascii(token) BETWEEN script.zero AND script.zero + 9
        LEFT JOIN unnest(ARRAY[
            178, 185, 4969, 6618, 8304, 8308, 8320, 9312, 9332, 9352, 9450, 9461, 9471, 10102, 10112, 10122,
            68160, 69216, 69714, 127232, 127233
        ], ARRAY[
            179, 185, 4977, 6618, 8304, 8313, 8329, 9320, 9340, 9360, 9450, 9469, 9471, 10110, 10120, 10130,
            68163, 69224, 69722, 127232, 127242
        ], ARRAY[
            176, 184, 4968, 6617, 8304, 8304, 8320, 9311, 9331, 9351, 9450, 9460, 9471, 10101, 10111, 10121,
            68159, 69215, 69713, 127232, 127233
        ]) AS other (first, last, zero) ON ascii(token) BETWEEN other.first AND other.last
    ), parts AS (
        SELECT regexp_replace(part, '[^0-9]', '', 'g') AS digits
        FROM plain, regexp_split_to_table(written, '[^0-9 ().\u00a0\u2000-\u200a\u202f\u3000'
            '\u2010-\u2015\u2212\ufe58\ufe63\uff08\uff09\uff0d\uff0e-]+') AS part
    ), numbers AS (
        SELECT regexp_replace(written, '[^0-9]', '', 'g') AS digits FROM plain
        UNION SELECT regexp_replace(substring(written
            FROM '^(?:[^0-9]*[0-9]){7}[^A-Za-z\u0400-\u04ff\uff21-\uff3a\uff41-\uff5a,;#~]*'), '[^0-9]', '', 'g')
        FROM plain
        UNION SELECT digits FROM parts WHERE length(digits) >= 7
    )
    SELECT coalesce(array_agg(DISTINCT right(digits, 6)), '{}') FROM numbers WHERE digits <> ''
    $$;
COMMENT ON FUNCTION phone_lookup_keys IS 'The last digits of every number that a text in place of a phone may hold.';
