"""The clients of Kafka on librdkafka, in C: nothing else imports confluent_kafka, which is an optional extra."""
