"""The JSON schema of a model is worked out once in the whole run.

Making the web application asks for a hundred of them, and nearly every test of the doors makes one.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from flask_openapi3 import utils

_work_out = utils.get_model_schema


def pytest_configure() -> None:
    utils.get_model_schema = _schema


def _schema(model: Any, mode: Any = "validation") -> Any:
    """Read anew each time, because the document is completed in place."""
    return json.loads(_written(model, mode))


@cache
def _written(model: Any, mode: Any) -> str:
    return json.dumps(_work_out(model, mode))
