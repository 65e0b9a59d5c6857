"""The second client, librdkafka: faster, in C, an extra (`hookline[librdkafka]`). HOOKLINE_KAFKA__CLIENT chooses it."""
