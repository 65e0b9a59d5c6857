-- A number is found however it was written: by the last digits, which are the same for every way to write it. Whether
-- two numbers with the same last digits are one is decided in runtime/phone_lookup.py.

-- The last six digits of what is kept as a phone, up to an extension; none where it has no digit. Digits of every
-- script count, listed by their zeros (Unicode 16); percent escapes do not.
CREATE FUNCTION phone_lookup_key(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog
    AS $$
    SELECT nullif(right(regexp_replace(
        coalesce(substring(written FROM '^(?:[^0-9]*[0-9]){7}[^A-Za-z\u0400-\u04ff\uff21-\uff3a\uff41-\uff5a,;#~]*'), written),
        '[^0-9]', '', 'g'), 6), '')
    FROM (
        SELECT string_agg(coalesce((ascii(one) - zero)::text, one), '' ORDER BY place) AS written
        FROM unnest(string_to_array(regexp_replace(phone, '%[0-9A-Fa-f]{2}', ' ', 'g'), NULL))
            WITH ORDINALITY AS letters (one, place)
        LEFT JOIN unnest(ARRAY[
        48, 1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872,
        4160, 4240, 6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248, 42528, 43216, 43264, 43472,
        43504, 43600, 44016, 65296, 66720, 68912, 68928, 69734, 69872, 69942, 70096, 70384, 70736, 70864, 71248,
        71360, 71376, 71386, 71472, 71904, 72016, 72688, 72784, 73040, 73120, 73552, 90416, 92768, 92864, 93008,
        93552, 118000, 120782, 120792, 120802, 120812, 120822, 123200, 123632, 124144, 124401, 125264, 130032
        ]) AS digits (zero) ON ascii(one) BETWEEN zero AND zero + 9
    ) AS plain
    $$;
COMMENT ON FUNCTION phone_lookup_key IS 'The last digits of a phone, by which it is found however it is written.';

-- Nearly every phone is E.164, for which the function would take a hundred times as long as this.
ALTER TABLE opt_outs ADD COLUMN lookup_key text GENERATED ALWAYS AS (
    CASE WHEN phone ~ '^[+][0-9]+$' THEN right(ltrim(phone, '+'), 6) ELSE phone_lookup_key(phone) END
) STORED;
COMMENT ON COLUMN opt_outs.lookup_key IS 'The last six digits of the phone: the same for every way to write it.';
CREATE INDEX opt_outs_by_lookup_key ON opt_outs (lookup_key);

-- Beside the row and not in its hash: the ledger's chain is as it was.
ALTER TABLE opt_out_ledger ADD COLUMN phone_as_received text;
COMMENT ON COLUMN opt_out_ledger.phone_as_received IS 'What came in place of phone, where that was read as E.164 only here; not in the hash.';
