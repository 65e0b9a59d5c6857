"""The sandbox: plays TextUs's API and a small CRM for the local stack and the tests; misbehaves on demand."""
