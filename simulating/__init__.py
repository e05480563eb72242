"""`punctual simulate`: a scenario lived through on the time-skipping server, months in seconds, with nothing sent."""

TENANT = "simulated"


class SimulationError(Exception):
    """There is no result; the message is one line that says why."""


class ScenarioError(SimulationError):
    """The scenario cannot be played: the message names the file and the place in it."""


class SimulationFailed(SimulationError):
    """A bug came up."""
