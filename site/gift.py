"""The quiz and the exam in GIFT, plain text that Moodle and others import.

GIFT: https://docs.moodle.org/en/GIFT_format. Formulas stand in the marks that MathJax reads there.
"""

import html
import re
from pathlib import Path

from nbconvert.filters import markdown2html

from softmaxlab import quiz

QUIZ = Path(__file__).resolve().parent.parent / "notebooks" / "quiz.md"


def escaped(text):
    """`text` on one line, with the characters that GIFT reads behind a backslash."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text.strip()).replace("\n", r"\n")


def rich(markdown):
    """Markdown as HTML in GIFT, without links into the course's folder."""
    plain = re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", markdown)
    return escaped(re.sub(r"(?<!\$)\$([^$]+)\$(?!\$)", r"\\(\1\\)", markdown2html(plain)))


def chosen(name, item):
    """A question of the quiz: one option is right, and each is answered."""
    options = [
        f"{'=' if option.right else '~'}{escaped(html.escape(option.text))}#{rich(option.feedback)}"
        for option in item.options
    ]
    return f"::{escaped(name)}::[html]{rich(item.question)}{{\n" + "\n".join([*options, "}"])


def written(name, question, answer):
    """A question to be answered in writing; its answer is shown afterwards."""
    return f"::{escaped(name)}::[html]{rich(question)}{{####{rich(answer)}}}"


def questions(exam):
    """Quiz and exam, a category each; `exam` has pairs of a question and its answer."""
    entries = []
    for form in ("before", "after"):
        entries.append(f"$CATEGORY: Softmax, examined/Quiz {form} the course")
        items = quiz.read(QUIZ, form)
        entries += [chosen(f"{form}: {item.misconception}", item) for item in items]
    entries.append("$CATEGORY: Softmax, examined/Exam")
    entries += [written(f"Exam {number}", *pair) for number, pair in enumerate(exam, 1)]
    return "\n\n".join(entries) + "\n"
