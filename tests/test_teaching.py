"""The teacher's guide: its routes, its numbers, its answers, and the command that grades."""

import contextlib
import csv
import io
import itertools
import math
import re

import numpy as np
import pytest
from guide import GUIDE, part, rows
from lessons import each_notebook, lesson

from softmaxlab.exercises import compare
from tools import browser, run_notebooks

COURSE = {path.name[:2]: path for path in run_notebooks.paths()}
FENCE = r"^```(\w*)\n(.*?)^```$"


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def headings(path):
    """The headings of the notebook at `path`, in order."""
    prose = re.sub(FENCE, "", markdown(run_notebooks.read(path)), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", prose, re.MULTILINE)


@each_notebook
def test_the_metadata_says_what_the_first_cell_says(path):
    notebook = run_notebooks.read(path)
    first = notebook.cells[0].source
    said = notebook.metadata["softmax"]
    assert set(said) == {"minutes", "objectives"}
    assert f"**Time.** {said['minutes']} minutes." in first
    listed = re.search(r"\*\*You will learn\*\*\n+(- .+?)\n\n", first, re.DOTALL).group(1)
    items = [" ".join(item.split()) for item in re.split(r"^- ", listed, flags=re.MULTILINE)[1:]]
    assert [item.rstrip(";.") for item in items] == said["objectives"]


def test_the_map_of_needs_is_that_of_the_first_cells():
    cells = [cell for row in rows(part("## Outcomes")) for cell in row]
    needs = dict(zip(cells[::2], cells[1::2], strict=True))
    assert sorted(needs) == sorted(COURSE)
    for number, path in COURSE.items():
        first = run_notebooks.read(path).cells[0].source
        asked = re.search(r"\*\*You need\*\*.+?(?=\n\n|\Z)", first, re.DOTALL).group()
        named = set(re.findall(r"\]\((\d\d)_\w+\.ipynb\)", asked))
        assert set(re.findall(r"\d\d", needs[number])) == named, number


@pytest.mark.parametrize("minutes", [45, 90, 180])
def test_a_route_adds_up_and_names_sections_that_are_there(minutes):
    route = rows(part(f"### {minutes} minutes"))
    ends = list(itertools.accumulate(int(time) for time, *_ in route))
    assert ends[-1] == minutes
    assert [until for _, until, *_ in route] == [f"{t // 60}:{t % 60:02}" for t in ends]
    assert any(section == "break" for *_, section, _ in route) == (minutes > 90)
    walked = []
    for _, _, number, section, doing in route:
        if section == "break":
            continue
        links = re.findall(r"\[(.+?)\]\((.+?)\)(?:, |$)", section)
        assert ", ".join(f"[{name}]({file})" for name, file in links) == section
        for name, file in links:
            assert file == COURSE[number].name
            assert headings(COURSE[number]).count(name) == 1, name
            walked.append((number, headings(COURSE[number]).index(name)))
        assert len(doing) > 20
    assert walked == sorted(set(walked)), "in the order of the notebooks"


def test_a_route_mentions_predictions_of_its_own_notebooks_only():
    for minutes in (45, 90, 180):
        for _, _, number, _, doing in rows(part(f"### {minutes} minutes")):
            for name in re.findall(r"on `(\w+)`|and `(\w+)`$", doing):
                cells = run_notebooks.read(COURSE[number]).cells
                predictions = filter(run_notebooks.is_prediction, cells)
                assert any("".join(name) in run_notebooks.asked(cell) for cell in predictions)


def shown(measured, stated):
    """`measured` as text, with as many decimals as the text `stated` has."""
    if isinstance(measured, str) or str(measured) in ("True", "False"):
        return str(measured)
    return format(float(measured), f".{len(stated.partition('.')[2])}f")


@each_notebook
def test_the_guide_states_for_each_prediction_what_is_measured(path):
    """A time is stated too, and may differ."""
    tables = re.split(r"^### ", part("## Predictions"), flags=re.MULTILINE)
    (table,) = [table for table in tables if table.startswith(f"{path.name[:2]} ")]
    listed = {asked.split("`")[1]: value.strip("`") for asked, value, *_ in rows(table)}
    asked = lesson(path.stem).predictions
    assert list(listed) == [name for name, *_ in asked]
    for name, measured, _, timed in asked:
        stated = listed[name].strip("[]").split(", ")
        several = listed[name].startswith("[")
        values = list(measured) if several else [measured]
        assert len(stated) == len(values), name
        if not timed:
            said = [shown(*pair) for pair in zip(values, stated, strict=True)]
            assert said == stated, name
    assert all(len(cell) > 10 for row in rows(table) for cell in row[2:])


def literals(text):
    """The values that stand in backticks in `text`, and not its names and calls."""
    for code in re.findall(r"`(.+?)`", text):
        with contextlib.suppress(SyntaxError, NameError):
            yield eval(code, {"nan": math.nan, "inf": math.inf})


@each_notebook
def test_a_wrong_answer_of_the_guide_is_called_wrong(path):
    tables = re.split(r"^### ", part("## Predictions"), flags=re.MULTILINE)
    (table,) = [table for table in tables if table.startswith(f"{path.name[:2]} ")]
    wrong = {asked.split("`")[1]: list(literals(cell)) for asked, _, cell, _ in rows(table)}
    assert sum(map(len, wrong.values())) > 1
    for name, measured, settings, timed in lesson(path.stem).predictions:
        for guess in wrong[name]:
            assert timed or not compare(guess, measured, **settings).passed, (name, guess)


QUESTIONS = re.split(r"^\*\*\d+\.\*\* ", part("## Exam questions"), flags=re.MULTILINE)[1:]


def run_code(code):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<answer>", "exec"), {"__name__": "answer"})
    return printed.getvalue()


def answer(question):
    return re.search(r"<details><summary>Answer</summary>\n\n(.+)\n\n</details>", question, re.S)[1]


def test_there_are_eleven_questions_with_a_folded_answer_each():
    assert len(QUESTIONS) == 11
    assert GUIDE.count("<details>") == GUIDE.count("</details>") == 11
    assert all(len(answer(question)) > 100 for question in QUESTIONS)


@pytest.mark.parametrize("number", range(1, 12))
def test_the_code_of_an_answer_prints_what_stands_below_it(number):
    text = answer(QUESTIONS[number - 1])
    fences = re.findall(FENCE, text, re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in fences] == ["python", "text"]
    (_, code), (_, output) = fences
    assert [line.rstrip() for line in run_code(code).splitlines()] == output.splitlines()
    bold = re.findall(r"\*\*(.+?)\*\*", text)
    assert bold
    assert all(number in output for number in bold), bold


def test_the_square_matrices_of_the_sixth_answer_are_wrong_in_silence():
    """For scores near each other; far apart, the rows may be right, or nan."""
    code = re.search(r"```python\n(def rows.+?)```", QUESTIONS[5], re.S)[1]
    exec(code, space := {"np": np})
    rng = np.random.default_rng(0)
    for n in rng.integers(2, 8, size=200):
        p = space["rows"](rng.uniform(-3, 3, size=(n, n)))
        assert np.isfinite(p).all()
        assert not np.allclose(p.sum(axis=-1), 1)
    right = space["rows"](np.array([[0.0, -1000.0], [-1000.0, -1.0]]))
    assert right.tolist() == [[1, 0], [0, 1]]
    with np.errstate(all="ignore"):
        assert np.isnan(space["rows"](np.array([[0.0, 0.0], [-1000.0, -1000.0]]))).any()


def test_every_number_with_digits_is_one_of_the_course():
    """Each decimal of two digits and more stands in a notebook, or in the output of an answer."""
    course = [path.read_text("utf-8") for path in COURSE.values()]
    known = "\n".join([*course, *re.findall(r"^```text\n(.*?)^```$", GUIDE, re.M | re.S)])
    stated = set(re.findall(r"(?<![\d.])\d+\.\d{2,}", part("## On the board") + part("## Plan B")))
    stated |= set(re.findall(r"(?<![\d.])\d+\.\d{2,}", "".join(map(answer, QUESTIONS))))
    assert len(stated) > 15
    assert {number for number in stated if number not in known} == set()


def test_the_contents_lead_to_headings():
    slugs = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#(.+?)\)", GUIDE))
    assert len(links) > 8
    assert links <= slugs


def test_the_figures_of_the_hub_are_those_that_were_measured():
    with (browser.ROOT / "benchmarks" / "hub.csv").open(encoding="utf-8") as file:
        measured = list(csv.DictReader(file))
    asked = {
        "first picture s median": ("first picture, median", "{} s"),
        "first picture s p95": ("first picture, 95 %", "{} s"),
        "slider ms median": ("slider, median", "{} ms"),
        "slider ms p95": ("slider, 95 %", "{} ms"),
        "Chromium slider ms median": ("slider in the browser, median", "{} ms"),
        "GiB in all": ("memory in all", "{} GiB"),
    }
    stated = part("## A hub for the class")
    assert f"| students | {' | '.join(row['students'] for row in measured)} |" in stated
    assert rows(stated) == [
        [words, *(form.format(row[name]) for row in measured)]
        for name, (words, form) in asked.items()
    ]
    assert all(row["kernels kept"] == row["students"] for row in measured)
    full = measured[-1]
    median = (
        f"{full['first picture s median']} s and a slider answers after {full['slider ms median']}"
    )
    assert f"after {median} ms" in (browser.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert f"costs {full['CPU s a student until sliders']} seconds of one core" in stated
    assert f"a slider {full['CPU ms a move']} ms" in stated
    done = 30 * float(full["CPU s a student until sliders"]) / 2
    assert f"{done:.0f} s for thirty on two cores" in stated
    assert f"last cell: after {full['first picture s median']} s" in stated
    assert f"took {full['server started s p95']} s to start" in stated
    with (browser.ROOT / "benchmarks" / "hub_memory.csv").open(encoding="utf-8") as file:
        memory = {row["process"][:2]: row for row in csv.DictReader(file)}
    after = {name: int(row["MiB afterwards"]) for name, row in memory.items()}
    assert f"A server takes {after.pop('se')} MiB" in stated
    assert f"{min(after.values())} to {max(after.values())} MiB once" in stated
    assert f"{memory['10']['MiB at most']} MiB at most while" in stated
    assert memory["10"] == max(memory.values(), key=lambda row: int(row["MiB at most"]))
    assert "open takes 500 MiB" in stated
    assert (
        490 <= int(memory["se"]["MiB afterwards"]) + sum(map(after.get, ("00", "02", "04"))) < 510
    )
    assert "20 to 40 % of headroom: for 00, 02 and 04 that is 30" in stated
    assert "700 MB, 21 GB" in stated
    assert 1.2 * 500 * 2**20 < 700e6 < 1.4 * 500 * 2**20


def test_scores_far_apart_hide_the_fault_of_question_6():
    def rows(x):
        e = np.exp(x - x.max())
        return e / e.sum(axis=-1)

    np.testing.assert_allclose(rows(np.array([[0, -1000], [-1000, -1]])), np.eye(2))
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(rows(np.array([[0, 0], [-1000, -1000]]))).any()
