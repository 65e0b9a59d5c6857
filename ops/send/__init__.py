"""Playing a provider: one file each, which makes its webhooks, and `delivery`, which posts them and keeps count."""
