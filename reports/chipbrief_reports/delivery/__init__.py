"""Editions to their recipients: a folder, mail, a webhook, or any service of apprise."""

from chipbrief_reports.delivery.parcel import DeliveryError, Parcel
from chipbrief_reports.delivery.send import send

__all__ = ["DeliveryError", "Parcel", "send"]
