"""The builder's own questions, and the answers that are kept with a booking (C10)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

from booking_core.domain.errors import FieldError, InvalidAnswers, InvalidRequest
from booking_core.domain.texts import check_line, check_text, problem_with_line, problem_with_text

_LONGEST_TEXT = 500
_LONGEST_LONG_TEXT = 5_000
_INTERNATIONAL = re.compile(r"\+[0-9][0-9 ().-]{5,28}[0-9]")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,28}[0-9]")

#: What an answer can hold: text or a phone number or one choice, several choices, yes or no.
AnswerValue = str | bool | tuple[str, ...]


class QuestionKind(StrEnum):
    """What kind of answer a question asks for (C10)."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    PHONE = "phone"
    INTERNATIONAL_PHONE = "international_phone"  # with + and the country's number
    BOOLEAN = "boolean"


@frozen
class Question:
    """One question; `choices` only where the kind is a choice. A required boolean asks for a yes."""

    id: str
    prompt: str
    kind: QuestionKind = field(default=QuestionKind.TEXT, converter=QuestionKind)
    required: bool = False
    choices: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        choosing = self.kind in (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)
        if choosing != bool(self.choices):
            raise InvalidRequest(f"Question '{self.id}': choices go with the choice kinds only.")
        if not self.id or not self.prompt.strip():
            raise InvalidRequest("A question needs an id and a prompt.")
        check_text(self.prompt, "/questions")
        for text in (self.id, *self.choices):
            check_line(text, "/questions")

    def problem_with(self, value: object) -> str | None:
        """What is wrong with `value` as an answer to this question, or None."""
        match self.kind:
            case QuestionKind.BOOLEAN:
                return None if isinstance(value, bool) else "Answer true or false."
            case QuestionKind.MULTIPLE_CHOICE:
                return self._problem_with_choices(value)
        if not isinstance(value, str):
            return "Answer with text."
        match self.kind:
            case QuestionKind.SINGLE_CHOICE if value not in self.choices:
                return f"Choose one of: {', '.join(self.choices)}."
            case QuestionKind.PHONE if not _PHONE.fullmatch(value.strip()):
                return "Give a phone number such as +49 30 123456."
            case QuestionKind.INTERNATIONAL_PHONE if not _INTERNATIONAL.fullmatch(value.strip()):
                return "Give the number with its country, such as +49 30 123456."
            case QuestionKind.TEXT if len(value) > _LONGEST_TEXT:
                return f"At most {_LONGEST_TEXT} characters."
            case QuestionKind.TEXT:
                return problem_with_line(value)
            case QuestionKind.LONG_TEXT if len(value) > _LONGEST_LONG_TEXT:
                return f"At most {_LONGEST_LONG_TEXT} characters."
            case QuestionKind.LONG_TEXT:
                return problem_with_text(value)
        return None

    def _problem_with_choices(self, value: object) -> str | None:
        if not isinstance(value, tuple) or len(set(value)) != len(value):
            return "Answer with a list of different choices."
        if not set(value) <= set(self.choices):
            return f"Choose from: {', '.join(self.choices)}."
        return None


@frozen
class Answer:
    """One answer. `prompt` is the question as it was asked, so that a later edit changes nothing."""

    question_id: str
    value: AnswerValue
    prompt: str = ""


def _is_empty(value: AnswerValue) -> bool:
    if isinstance(value, bool):
        return False
    return not (value.strip() if isinstance(value, str) else value)


def _is_no_answer(value: AnswerValue) -> bool:
    """What a required question does not accept: nothing at all, or a no."""
    return value is False or _is_empty(value)


def check_answers(questions: Sequence[Question], answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers in the order of the questions, with their prompts; empty optional ones left out.

    Raises:
        InvalidAnswers: every problem at once, each with the pointer of its answer.
    """
    by_id = {question.id: question for question in questions}
    given: dict[str, Answer] = {}
    problems: list[FieldError] = []
    for index, answer in enumerate(answers):
        pointer = f"/answers/{index}"
        question = by_id.get(answer.question_id)
        if question is None:
            known = ", ".join(by_id) or "none"
            detail = f"There is no question '{answer.question_id[:50]}'; there are: {known}."
            problems.append(FieldError(f"{pointer}/questionId", detail))
        elif answer.question_id in given:
            problems.append(FieldError(f"{pointer}/questionId", "This question is answered twice."))
        else:
            given[answer.question_id] = evolve(answer, prompt=question.prompt)
            wrong = question.problem_with(answer.value)
            detail = f"'{question.id}': {wrong}"
            if wrong and (question.required or not _is_empty(answer.value)):
                problems.append(FieldError(f"{pointer}/value", detail))
    missing = (
        question
        for question in questions
        if question.required
        and (question.id not in given or _is_no_answer(given[question.id].value))
    )
    problems.extend(
        FieldError("/answers", f"'{q.id}' needs an answer: {q.prompt}") for q in missing
    )
    if problems:
        raise InvalidAnswers(problems[0].detail, problems)
    return tuple(
        given[question.id]
        for question in questions
        if question.id in given and not _is_empty(given[question.id].value)
    )


def check_number_to_call(answers: Sequence[Answer]) -> None:
    """Raises InvalidAnswers unless one of them is a phone number with its country."""
    texts = (each.value.strip() for each in answers if isinstance(each.value, str))
    if not any(map(_INTERNATIONAL.fullmatch, texts)):
        detail = "The builder calls you: give a number with its country, such as +49 30 123456."
        raise InvalidAnswers(detail, [FieldError("/answers", detail)])
