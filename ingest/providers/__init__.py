"""One file a provider; `ingest.provider.provider_types` finds them."""
