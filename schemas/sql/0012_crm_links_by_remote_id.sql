-- A link is found by its id at the target with the id in front. Behind target and kind the index seemed as good as the
-- key's own to whoever looked for a key, and was read for all links of the target.
DROP INDEX crm_links_remote;
CREATE INDEX crm_links_remote ON crm_links (remote_id, target) WHERE remote_id IS NOT NULL;
