"""Running central for years: what is unsafe to start with, who may read metrics, how logs are written."""
