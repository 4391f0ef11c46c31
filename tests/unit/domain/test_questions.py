import pytest

from booking_core import (
    Answer,
    AnswerValue,
    InvalidAnswers,
    InvalidRequest,
    Question,
    QuestionKind,
)
from booking_core.domain.questions import check_answers

TEXT = Question("text", "Which?", QuestionKind.TEXT)
LONG = Question("long", "Why?", QuestionKind.LONG_TEXT)
ONE = Question("one", "Which one?", QuestionKind.SINGLE_CHOICE, choices=("a", "b"))
SOME = Question("some", "Which ones?", QuestionKind.MULTIPLE_CHOICE, choices=("a", "b"))
PHONE = Question("phone", "Your number?", QuestionKind.PHONE)
YES = Question("yes", "Do you agree?", QuestionKind.BOOLEAN)
NEEDED = Question("needed", "Your goal?", required=True)
ABROAD = Question("abroad", "Your number?", QuestionKind.INTERNATIONAL_PHONE)
ALL = (TEXT, LONG, ONE, SOME, PHONE, ABROAD, YES)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (TEXT, "x" * 500),
        (LONG, "x" * 5_000),
        (LONG, "one\r\n\ttwo\n"),
        (ONE, "b"),
        (SOME, ("b", "a")),
        (PHONE, "+49 (30) 12-34/56"),
        (PHONE, " 030 123456 "),
        (ABROAD, " +49 (30) 12.34-56 "),
        (YES, True),
        (YES, False),
    ],
)
def test_a_fitting_answer_is_kept_with_the_question_as_it_was_asked(
    question: Question, value: AnswerValue
) -> None:
    kept = check_answers(ALL, [Answer(question.id, value)])
    assert kept == (Answer(question.id, value, question.prompt),)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (TEXT, "x" * 501),
        (TEXT, "one\ntwo"),
        (TEXT, "\x1b]0;title\x07"),
        (LONG, "a\x1b[2J"),
        (LONG, "a\x9b2J"),
        (TEXT, True),
        (TEXT, ("a",)),
        (LONG, "x" * 5_001),
        (ONE, "c"),
        (ONE, ("a",)),
        (SOME, ("a", "c")),
        (SOME, ("a", "a")),
        (SOME, "a"),
        (PHONE, "call me"),
        (PHONE, "1"),
        (ABROAD, "030 123456"),
        (ABROAD, "+49 30/123456"),
        (TEXT, False),
        (ONE, False),
        (YES, "yes"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused_at_its_place(
    question: Question, value: AnswerValue
) -> None:
    with pytest.raises(InvalidAnswers) as wrong:
        check_answers(ALL, [Answer(question.id, value)])
    assert [error.pointer for error in wrong.value.errors] == ["/answers/0/value"]


@pytest.mark.parametrize("given", [[], [Answer("needed", "")], [Answer("needed", "  ")]])
def test_a_required_question_wants_an_answer(given: list[Answer]) -> None:
    with pytest.raises(InvalidAnswers, match="needs an answer") as wrong:
        check_answers([NEEDED], given)
    assert "Your goal?" in wrong.value.errors[0].detail


def test_a_required_yes_or_no_wants_a_yes() -> None:
    consent = Question("consent", "Do you agree?", QuestionKind.BOOLEAN, required=True)
    assert check_answers([consent], [Answer("consent", True)])
    with pytest.raises(InvalidAnswers):
        check_answers([consent], [Answer("consent", False)])


def test_optional_questions_may_stay_empty_and_empty_answers_are_not_kept() -> None:
    empty = [Answer("text", " "), Answer("some", ()), Answer("phone", ""), Answer("one", "")]
    assert check_answers(ALL, [*empty, Answer("yes", "")]) == ()
    assert check_answers(ALL, []) == ()


def test_answers_come_in_the_order_of_the_questions() -> None:
    kept = check_answers(ALL, [Answer("one", "a"), Answer("text", "x")])
    assert [answer.question_id for answer in kept] == ["text", "one"]


def test_all_problems_are_told_at_once() -> None:
    given = [Answer("nobody", "x"), Answer("one", "c"), Answer("one", "a")]
    with pytest.raises(InvalidAnswers) as wrong:
        check_answers([ONE, NEEDED], given)
    assert [error.pointer for error in wrong.value.errors] == [
        "/answers/0/questionId",
        "/answers/1/value",
        "/answers/2/questionId",
        "/answers",
    ]


def test_choices_go_with_the_choice_kinds_only() -> None:
    with pytest.raises(InvalidRequest):
        Question("q", "Which?", QuestionKind.SINGLE_CHOICE)
    with pytest.raises(InvalidRequest):
        Question("q", "Which?", QuestionKind.TEXT, choices=("a",))


@pytest.mark.parametrize(("id_", "prompt"), [("", "Why?"), ("q", ""), ("q", "  ")])
def test_a_question_has_an_id_and_a_prompt(id_: str, prompt: str) -> None:
    with pytest.raises(InvalidRequest):
        Question(id_, prompt)
