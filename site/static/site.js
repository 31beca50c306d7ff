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

// Code wider than a phone scrolls, by keyboard too.
for (const code of document.querySelectorAll("pre")) {
  if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
}
