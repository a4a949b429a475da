"""The way to central: an outbox that forgets nothing, MQTT, and the upload of media."""
