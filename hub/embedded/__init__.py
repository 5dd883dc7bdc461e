"""The one-command default: PostgreSQL and the MQTT broker as children of the hub."""
