// A range moves through its panel's pictures, each drawn beforehand.
for (const panel of document.querySelectorAll(".panel")) {
  const range = panel.querySelector("input");
  const figures = [...panel.querySelectorAll("figure")];
  const labels = range.dataset.values.split("|");
  const show = () => {
    figures.forEach((figure, number) => (figure.hidden = number !== range.valueAsNumber));
    panel.querySelector("output").textContent = labels[range.valueAsNumber];
    const sentence = figures[range.valueAsNumber].querySelector("img").alt;
    range.setAttribute("aria-valuetext", `${labels[range.valueAsNumber]}. ${sentence}`);
  };
  range.addEventListener("input", show);
  show();
}

for (const formula of document.querySelectorAll(".math")) {
  const source = formula.textContent.trim().slice(2, -2); // between \( and \), or \[ and \]
  katex.render(source, formula, { displayMode: formula.tagName === "DIV" });
}

// What is wider than a phone scrolls, by keyboard too.
document.fonts.ready.then(() => {
  for (const wide of document.querySelectorAll("pre, .math-wrapper, .table-wrapper")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
});
