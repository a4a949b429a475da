"""Signing in with a city's own directory (OpenID Connect: Keycloak, Entra ID and others)."""
