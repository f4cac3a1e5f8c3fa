"""The one kind of error that people see. It lies on the lowest floor so that every floor can raise it."""


class InputError(ValueError):
    """Something from outside cannot be used: one sentence what, one sentence what would be right."""
