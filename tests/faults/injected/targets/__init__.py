"""One more CRM for crm-sync: see `second_crm` in injections.py."""
