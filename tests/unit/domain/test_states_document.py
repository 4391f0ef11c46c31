"""docs/states.md says what the tables say."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def test_the_document_of_the_states_is_up_to_date() -> None:
    document = runpy.run_path(str(DOCS / "generate_states.py"))["document"]
    written = (DOCS / "states.md").read_text()
    assert written == document(), "run: PYTHONPATH=src python docs/generate_states.py"
