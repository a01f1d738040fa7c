"""Schedules by place: the figures of its own forms, and its computations as tables. A file a place. Pure."""
