"""What the Open311 endpoint says of the city, and what it publishes."""

from __future__ import annotations

from pydantic import Field

from kerbwatch.settings import Settings


class Open311Settings(Settings):
    """Open311 GeoReport v2 for the city's existing apps."""

    jurisdiction_id: str | None = Field(
        None,
        description="The city's, 'city.example' as a rule; another is answered with 404. None: any is taken.",
        max_length=100,
    )
    contact: str = Field(
        "", description="Whom the makers of apps ask, as the discovery says.", max_length=500
    )
    key_service: str = Field(
        "", description="How one gets a key, as the discovery says: a URL or a sentence.", max_length=500
    )
    publish_words: bool = Field(
        False,
        description="Give everybody the words of reports: they may hold names and plates. The app that sent "
        "them has them anyway.",
    )
