"""Why `up` cannot start or go on, each in one line that says what to do."""


class CannotStart(Exception):
    """The message is shown as it is."""
