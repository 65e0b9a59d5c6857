-- How far a provider's own word can be trusted, as its file declares it. `hookline db migrate` writes it; a provider
-- without a row gets the careful answers.
CREATE TABLE provider_facts (
    provider text PRIMARY KEY,
    one_clock boolean NOT NULL,
    reports_opt_ins boolean NOT NULL,
    numbers_deliveries boolean NOT NULL
);
COMMENT ON TABLE provider_facts IS 'What opt-outs depend on of each provider, as declared in its file.';
COMMENT ON COLUMN provider_facts.one_clock IS 'its times come from one clock, so that two of them can be compared';
COMMENT ON COLUMN provider_facts.reports_opt_ins IS 'it reports opt-ins itself: there a text that is START counts for nothing';
COMMENT ON COLUMN provider_facts.numbers_deliveries IS 'an event of its without a time is known to be new by its derived id';
