"""Every test of the web door makes an application; what is the same each time is made once."""

from functools import cache

from flask_openapi3 import utils

# Three quarters of making one is to write the same schemas of the same models, for the document.
utils.get_model_schema = cache(utils.get_model_schema)
