"""The way to central: an outbox that forgets nothing, MQTT, and the upload of media."""

from edge.uplink.media import MediaFile, MediaQueue, MediaStats
from edge.uplink.outbox import Outbox, OutboxEntry, OutboxStats
from edge.uplink.uplink import Uplink, UplinkStats
from edge.uplink.uploader import MediaUploader, UploadStats

__all__ = [
    "MediaFile",
    "MediaQueue",
    "MediaStats",
    "MediaUploader",
    "Outbox",
    "OutboxEntry",
    "OutboxStats",
    "Uplink",
    "UplinkStats",
    "UploadStats",
]
