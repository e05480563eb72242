"""`punctual import`: calendars (`.ics`) into appointments and follow-ups, and recorded events (`.jsonl`).

`importing.run.import_file` is the whole of it. What a file says is compared with what the store knows, and only the
difference is sent, as events through Temporal; nothing is written to the store from here.
"""


class ImportFileError(Exception):
    """The file as a whole cannot be imported, or not to its end; the message is one line that says why."""


class Refused(Exception):
    """One component or line cannot be imported; the message is the reason. The rest goes on."""
