"""The JSON schema of a model is worked out once in the whole run.

Making the web application asks for a hundred of them, and nearly every test of the doors makes one.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache

from flask_openapi3 import utils


def pytest_configure() -> None:
    worked_out = cache(utils.get_model_schema)
    # A copy, because the document is completed in place.
    utils.get_model_schema = lambda model, mode="validation": deepcopy(worked_out(model, mode))
