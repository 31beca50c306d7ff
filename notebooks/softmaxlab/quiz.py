"""Questions of multiple choice, read from Markdown, that answer each choice at once.

The file has a heading ``## ...`` for each misconception, under it ``### before`` and ``### after``,
and in each of these a question, then its options: ``- [ ] text``, or ``- [x] text`` for the right
one, with what is said to those who choose it indented below. Each question gets one more option,
"I do not know", which says what is said to the right one.
"""

import html
import re
import string
import textwrap
from dataclasses import dataclass
from pathlib import Path

import ipywidgets
from IPython.display import display

LETTERS = string.ascii_uppercase

# A button is called by its letter alone, and Jupyter takes the Enter key. What changes below the
# buttons is a live region from the start, so that a screen reader reads each change.
_NAME = """
if (!window.softmaxlabQuiz) {
  window.softmaxlabQuiz = true;
  const name = () => {
    for (const button of document.querySelectorAll('.softmaxlab-option')) {
      if (button.ariaLabel !== button.title) button.ariaLabel = button.title;
      button.dataset.lmSuppressShortcuts = 'true';
    }
    for (const said of document.querySelectorAll('.softmaxlab-said:not([role])')) {
      said.setAttribute('role', 'status');
    }
  };
  const watched = {subtree: true, childList: true, attributes: true, attributeFilter: ['title']};
  new MutationObserver(name).observe(document.body, watched);
  name();
}
"""


@dataclass(frozen=True)
class Option:
    """One answer: what it says, what is said to those who choose it, and the verdict in a word."""

    text: str
    feedback: str
    right: bool
    verdict: str


@dataclass(frozen=True)
class Item:
    """A question with its options, the last one "I do not know", and what it is about."""

    misconception: str
    question: str
    options: tuple


def read(path, form):
    """The items of one form of a quiz.

    Parameters
    ----------
    path : str or path-like
        A Markdown file, as this module's docstring describes it.
    form : str
        The heading of the form, such as "before".

    Returns
    -------
    list of Item

    Raises
    ------
    ValueError
        If a misconception has no such form, or an item has not exactly one right option, fewer than
        two options, or an option without feedback.
    """
    _, *parts = re.split(r"^## ", Path(path).read_text("utf-8"), flags=re.MULTILINE)
    return [_item(part, form) for part in parts]


def _item(part, form):
    title, *forms = re.split(r"^### ", part, flags=re.MULTILINE)
    misconception = title.strip()
    bodies = {name.strip(): body for name, _, body in (text.partition("\n") for text in forms)}
    if form not in bodies:
        raise ValueError(f"form is {form!r}; {misconception!r} has {sorted(bodies)}")
    question, *listed = re.split(r"^- (?=\[[ x]\] )", bodies[form], flags=re.MULTILINE)
    options = []
    for text in listed:
        first, _, below = text.partition("\n")
        right = first[1] == "x"
        said = textwrap.dedent(below).strip()
        options.append(Option(first[4:].strip(), said, right, "right" if right else "wrong"))
    fault = (
        "fewer than two options"
        if len(options) < 2
        else f"{sum(option.right for option in options)} right options, not one"
        if sum(option.right for option in options) != 1
        else "an option without feedback"
        if not all(option.feedback for option in options)
        else None
    )
    if fault:
        raise ValueError(f"{misconception!r}, {form}: {fault}")
    letter, right = next(pair for pair in zip(LETTERS, options, strict=False) if pair[1].right)
    options.append(Option("I do not know.", right.feedback, False, f"see {letter}"))
    return Item(misconception, question.strip(), tuple(options))


class Quiz:
    """The items of one form, each with a button before every option.

    The first choice counts for the score. Later ones show their feedback too.

    Parameters
    ----------
    path, form
        As for `read`.

    Attributes
    ----------
    items : list of Item
    buttons : list of list of Button
        One for each option of each item.
    said : list of Output
        The feedback of each item.
    score : Output
        Says how many were right, once all are answered.
    first : list of Option or None
        The first choice in each item.
    """

    def __init__(self, path, form):
        self.items = read(path, form)
        self.first = [None] * len(self.items)
        self.said = [_live() for _ in self.items]
        self.score = _live()
        self.buttons = [
            [self._button(number, letter) for letter in range(len(item.options))]
            for number, item in enumerate(self.items)
        ]
        _say(self.score, "Your score comes when all are answered.")

    def _button(self, number, index):
        letter, text = LETTERS[index], self.items[number].options[index].text
        name = f"{letter}. Question {number + 1}: {text}"
        button = ipywidgets.Button(
            description=letter, tooltip=name, layout={"width": "110px", "flex": "none"}
        )
        button.add_class("softmaxlab-option")
        button.on_click(lambda _: self._choose(number, index))
        return button

    def _choose(self, number, index):
        item, button = self.items[number], self.buttons[number][index]
        option, letter = item.options[index], LETTERS[index]
        button.description = f"{letter}: {option.verdict}"
        button.icon = {"right": "check", "wrong": "times"}.get(option.verdict, "arrow-up")
        button.tooltip = f"{button.description}. Question {number + 1}: {option.text}"
        _say(self.said[number], _feedback(letter, option))
        if self.first[number] is None:
            self.first[number] = option
            if None not in self.first:
                _say(self.score, self.result())

    def result(self):
        """The score and what to look at again, in Markdown."""
        wrong = [
            item for item, option in zip(self.items, self.first, strict=True) if not option.right
        ]
        lines = [f"**{len(self.items) - len(wrong)} of {len(self.items)}** right at first choice."]
        if wrong:
            lines += ["", "To look at again, each in the notebook that its answer names:", ""]
        return "\n".join(lines + [f"- {item.misconception}" for item in wrong])

    def _ipython_display_(self):
        display({"application/javascript": _NAME, "text/plain": ""}, raw=True)
        for number, item in enumerate(self.items):
            asked = f"**{number + 1}.** {item.question}"
            display({"text/markdown": asked, "text/plain": asked}, raw=True)
            rows = [
                ipywidgets.HBox([button, ipywidgets.HTML(html.escape(option.text))])
                for button, option in zip(self.buttons[number], item.options, strict=True)
            ]
            live = ipywidgets.VBox([*rows, self.said[number]])._repr_mimebundle_()
            display(live | _folded(item), raw=True)
        display(ipywidgets.VBox([self.score])._repr_mimebundle_(), raw=True)


def _live():
    said = ipywidgets.Output()
    said.add_class("softmaxlab-said")
    return said


def _say(said, markdown):
    data = {"text/markdown": markdown, "text/plain": markdown}
    said.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)


def _feedback(letter, option):
    return f"**{letter}: {option.verdict}.** {option.feedback}"


def _folded(item):
    """What a page without a kernel shows in place of the buttons."""
    lettered = list(zip(LETTERS, item.options, strict=False))
    lines = [
        "  \n".join(f"{letter}. {option.text}" for letter, option in lettered),
        "<details><summary>Answer</summary>",
        *(_feedback(letter, option) for letter, option in lettered),
        "</details>",
    ]
    return {"text/markdown": "\n\n".join(lines), "text/plain": "Run this cell to answer."}
