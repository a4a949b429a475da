"""What comes in over MQTT: committed first, acknowledged then, once each, with no unexplained hole."""
