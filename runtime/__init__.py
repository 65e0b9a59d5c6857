"""What every process needs: settings, logs, metrics, Kafka, PostgreSQL and the admin HTTP server."""
