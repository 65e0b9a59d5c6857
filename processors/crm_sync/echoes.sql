-- A contact that we made at a provider comes back as its webhook: it ends here, for it tells nothing that we did not.
DELETE FROM staged_events AS s USING crm_links AS l
WHERE s.event_type = 'contact.created' AND l.target = ANY(%s) AND split_part(l.target, ':', 1) = s.provider
    AND l.kind = 'contact' AND l.remote_id = s.provider_contact_id AND l.written ? 'made'
