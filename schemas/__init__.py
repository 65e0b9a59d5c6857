"""The shared language: event types, records, topics, the Avro codec and the SQL migrations.

Imports nothing else of Hookline.
"""
