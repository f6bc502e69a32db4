"""When a briefing is printed, how long its editions are kept and who gets them: the `schedule` of a briefing file."""

from chipbrief_reports.timetable.due import Due, due_slots
from chipbrief_reports.timetable.recipients import ByApprise, ByMail, ByWebhook, Delivery, ToFolder
from chipbrief_reports.timetable.schedule import Keep, Retries, Schedule
from chipbrief_reports.timetable.slots import last_slot, next_slots, parse_slot, slot_name, slots_between

__all__ = [
    "ByApprise",
    "ByMail",
    "ByWebhook",
    "Delivery",
    "Due",
    "Keep",
    "Retries",
    "Schedule",
    "ToFolder",
    "due_slots",
    "last_slot",
    "next_slots",
    "parse_slot",
    "slot_name",
    "slots_between",
]
