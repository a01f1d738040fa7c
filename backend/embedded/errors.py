"""What the embedded parts raise: a sentence that says what is wrong and what to do, never a traceback."""


class StartError(Exception):
    """A part could not be started; the message is for the person at the terminal."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
