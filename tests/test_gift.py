"""Quiz and exam in GIFT, read back by the rules that Moodle's importer goes by."""

import html
import re

import pytest

from softmaxlab import quiz
from tools import run_notebooks

gift = pytest.importorskip("gift")
teach = pytest.importorskip("teach")

MARKS = dict(zip([rf"\{mark}" for mark in "~=#{}:"], "\1\2\3\4\5\6", strict=True)) | {r"\n": "\7"}
EXAM = list(teach.exam())


def hidden(text):
    """`text` with each escaped character as one that means nothing, the backslash first."""
    text = text.replace(r"\\", "\0")
    for mark, sign in MARKS.items():
        text = text.replace(mark, sign)
    return text


def shown(text):
    for mark, sign in MARKS.items():
        text = text.replace(sign, "\n" if mark == r"\n" else mark[1])
    return text.replace("\0", "\\").strip()


def read(text):
    """(category, name, question, options, general feedback) of each question in GIFT."""
    category = None
    for entry in re.split(r"\n\s*\n", text.strip()):
        if entry.startswith("$CATEGORY:"):
            category = entry.partition(":")[2].strip()
            continue
        entry = hidden(entry)
        name, rest = re.fullmatch(r"::(.+?)::(.+)", entry, re.DOTALL).groups()
        question, _, below = rest.partition("{")
        inside, _, after = below.partition("}")
        assert after == ""
        options, _, general = inside.partition("####")
        parted = re.findall(r"([~=])([^#~=]+)#([^#~=]+)", options)
        assert "".join(f"{mark}{text}#{said}" for mark, text, said in parted) == options.lstrip()
        answers = [(mark == "=", shown(text), shown(said)) for mark, text, said in parted]
        assert question.startswith("[html]")
        yield category, shown(name), shown(question)[6:], answers, shown(general)


READ = list(read(gift.questions(EXAM)))


@pytest.mark.parametrize("form", ["before", "after"])
def test_a_question_comes_back_as_the_quiz_has_it(form):
    items = quiz.read(run_notebooks.NOTEBOOKS / "quiz.md", form)
    found = [entry for entry in READ if entry[0] == f"Softmax, examined/Quiz {form} the course"]
    assert len(found) == 10
    for (_, name, question, options, general), item in zip(found, items, strict=True):
        assert name == f"{form}: {item.misconception}"
        assert general == ""
        assert plain(question) == plain(teach.markdown2html(item.question))
        assert [right for right, *_ in options] == [option.right for option in item.options]
        assert [html.unescape(text) for _, text, _ in options] == [o.text for o in item.options]
        assert all(len(said) > 80 for *_, said in options)


def plain(page):
    """The letters and digits of a page: no tags, and nothing that marks a formula."""
    return re.sub(r"\W", "", re.sub(r"<.+?>", "", html.unescape(page)))


def test_the_exam_is_answered_in_writing():
    found = [entry for entry in READ if entry[0] == "Softmax, examined/Exam"]
    assert len(found) == len(EXAM) == 11
    for (_, _, question, options, general), (asked, answer) in zip(found, EXAM, strict=True):
        assert options == []
        assert plain(asked.partition("```")[0])[:20] in plain(question)
        assert len(general) > len(answer) / 2
        assert "</details>" not in question + general


def test_formulas_and_links_suit_an_lms():
    pages = [text for _, _, question, options, general in READ for text in (question, general)]
    pages += [said for _, _, _, options, _ in READ for *_, said in options]
    assert not any(".ipynb" in page or "#on-the-board" in page for page in pages)
    assert not any("$" in page for page in pages)
    assert r"\(e^{z_i + 100} = e^{100}\, e^{z_i}\)" in "".join(pages)


def test_each_character_that_means_something_is_escaped():
    text = "a ~ b = c # d { e } f : g \\nu \\\\ h\ni \\: \\{"
    assert shown(hidden(gift.escaped(text))) == text
