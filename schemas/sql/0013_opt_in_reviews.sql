-- An opt-in that may be a repeat of an old one re-opens nothing: a person is asked, once for each such row.
ALTER TABLE opt_out_reviews DROP CONSTRAINT opt_out_reviews_kind_check;
ALTER TABLE opt_out_reviews ADD CONSTRAINT opt_out_reviews_kind_check
    CHECK (kind IN ('hold', 'out', 'unrecognized', 'parked', 'opt-in'));
CREATE UNIQUE INDEX opt_out_reviews_opt_ins ON opt_out_reviews (position) WHERE kind = 'opt-in';
