const element = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

// Each control of a panel moves through pictures drawn beforehand; the others go back.
for (const panel of document.querySelectorAll(".panel")) {
  const states = JSON.parse(panel.querySelector("script").textContent);
  const controls = [...panel.querySelectorAll("input, select")];
  const image = panel.querySelector("img");
  const said = panel.querySelector("[role=status]");
  const address = (number) => image.src.replace(/\d+(?=\.webp$)/, number);
  const numbers = (control) => control.dataset.states.split(" ");
  const name = (control) => {
    if (control.type !== "range") return;
    const label = control.dataset.values.split("|")[control.valueAsNumber];
    control.nextElementSibling.textContent = label;
    control.setAttribute("aria-valuetext", label);
  };
  const show = ({ currentTarget: moved }) => {
    for (const control of controls) {
      if (control !== moved) control.value = control.dataset.start;
      name(control);
    }
    const number = numbers(moved)[moved.value];
    const [sentence, table] = states[number];
    image.src = address(number);
    image.alt = sentence;
    said.textContent = sentence;
    panel.querySelector(".table-wrapper").innerHTML = table;
  };
  // Who moves it by keys sees what it says as well, if there is room for both.
  const reveal = ({ currentTarget: moved }) => {
    const high = said.getBoundingClientRect().bottom - moved.getBoundingClientRect().top;
    if (high < 0.9 * innerHeight) said.scrollIntoView({ block: "nearest" });
  };
  const fetchAll = ({ currentTarget: touched }) => {
    for (const number of numbers(touched)) new Image().src = address(number);
  };
  for (const control of controls) {
    name(control);
    control.addEventListener("input", show);
    control.addEventListener("keyup", reveal);
    for (const touch of ["focus", "pointerdown"]) control.addEventListener(touch, fetchAll, { once: true });
  }
  panel.querySelector(".moves").hidden = false;
  // A phone shows the picture small; as large as it was drawn it scrolls in a frame.
  const frame = element("div", { className: "frame" });
  const full = element("button", { type: "button", className: "full", textContent: "Picture at full size" });
  full.setAttribute("aria-pressed", false);
  const kept = element("div", { className: "kept" });
  image.replaceWith(kept);
  kept.append(frame, full);
  frame.append(image);
  image.addEventListener("click", () => full.click());
  full.addEventListener("click", () => {
    const whole = frame.classList.toggle("whole");
    full.setAttribute("aria-pressed", whole);
    if (whole) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  });
}

// A prediction is compared as softmaxlab.exercises.compare does it.
const general = (number, digits = 6) => {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
  const [front, power] = number.toExponential(digits - 1).split("e").map(Number);
  if (power >= -4 && power < digits) return String(Number(number.toPrecision(digits)));
  return `${front}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
};

const read = (text) => {
  const bare = text.trim().toLowerCase().replace("np.", "").replace("\u2212", "-");
  const named = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  if (bare in named) return named[bare];
  const [, over, under] = bare.match(/^([^/]+)\/([^/]+)$/) || [];
  if (over) return read(over) / read(under);
  const [, power] = bare.match(/^10(?:\^|\*\*)(-?\d+)$/) || [];
  if (power) return 10 ** power;
  const [, share] = bare.match(/^(.+)%$/) || [];
  if (share) return read(share) / 100;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(bare) ? Number(bare) : undefined;
};

const off = (guess, entry, unit) => {
  if (entry.kind !== "number") {
    const met = guess.toLowerCase() === entry.said.toLowerCase();
    return met ? "" : `You said ${guess}, and it is ${entry.said}.`;
  }
  const number = read(guess);
  const measured = read(entry.value);
  if (number === undefined) return `You said ${guess}, and a number is asked for.`;
  if (Object.is(number, measured) || number === measured) return "";
  const said = `ou said ${general(number)}, and it is ${entry.said}${unit}.`;
  if (!Number.isFinite(number) || !Number.isFinite(measured)) return `Y${said}`;
  const far = Math.abs(number - measured);
  if (far <= entry.atol + entry.rtol * Math.abs(measured)) return "";
  const factor = number * measured > 0 ? Math.max(number / measured, measured / number) : 0;
  if (factor >= 10) return `Off by a factor of ${general(factor, 3)}: y${said}`;
  return `Off by ${general(far, 3)}: y${said}`;
};

const compare = (text, { several, of }, unit) => {
  const bare = text.replace(/^[[(]|[\])]$|["']/g, "").trim();
  const guess = several ? bare.split(/\s*[,;]\s*|\s+/).filter(Boolean) : [bare];
  if (guess.length !== of.length) {
    return `Wrong. ${of.length} entries are asked for, in a list; you gave ${guess.length}.`;
  }
  const faults = of.map((entry, number) => off(guess[number], entry, unit));
  if (!faults.some(Boolean)) return `Right. It is ${of.map((entry) => entry.said).join(", ")}${unit}.`;
  if (!several) return `Wrong. ${faults[0]}`;
  const told = faults.map((fault, i) => fault && ` Entry ${i}: ${fault[0].toLowerCase()}${fault.slice(1)}`);
  const right = faults.filter((fault) => !fault).length;
  return `Wrong. ${right} of ${of.length} ${right === 1 ? "is" : "are"} right.${told.join("")}`;
};

// What came out, and the text below it, is folded until the reader has answered or asks to see.
const fold = (cell) => {
  const folded = document.createElement("details");
  folded.className = "result";
  folded.innerHTML = "<summary>What came out</summary><div class='cell'></div>";
  const output = cell.querySelector(".cell_output");
  let next = cell.nextElementSibling;
  const told = [];
  while (next && !next.matches(".cell, section, .told")) {
    told.push(next);
    next = next.nextElementSibling;
  }
  if (next?.matches(".told")) folded.append(...told);
  if (output) folded.querySelector("div").append(output);
  if (folded.children.length > 2 || output) cell.after(folded);
  return folded;
};

for (const form of document.querySelectorAll(".prediction")) {
  const { name, unit, measured } = form.dataset;
  const folds = [...document.querySelectorAll(`.tag_of-${name}`)].map(fold);
  form.hidden = false;
  form.closest(".cell").classList.add("asks");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = form.querySelector("input:checked, input[type=text]")?.value.trim();
    const said = !guess
      ? "No prediction yet."
      : measured
        ? compare(guess, JSON.parse(measured), unit && ` ${unit}`)
        : "You said " + guess + ". This was timed, and another machine may say otherwise.";
    form.querySelector("[role=status]").textContent = said;
    const answered = guess && !said.includes("asked for");
    if (answered) folds.forEach((folded) => (folded.open = true));
  });
}

// A quiz has a button for each option. The first choice counts; each says what is said to it.
const items = [...document.querySelectorAll("details.item")];
const first = items.map(() => null);

const total = () => {
  const wrong = items.filter((item, number) => first[number].verdict !== "right");
  const score = document.querySelector(".score [role=status]");
  score.replaceChildren(
    element("strong", { textContent: `${items.length - wrong.length} of ${items.length}` }),
    " right at first choice.",
  );
  if (wrong.length) {
    const list = element("ul");
    list.append(...wrong.map((item) => element("li", { textContent: item.dataset.about })));
    score.append(" To look at again, each in the notebook that its answer names:", list);
  }
  const form = location.pathname.match(/quiz_(\w+)/)[1];
  document.querySelector(".score input").value =
    `${form}-${first.map((choice) => choice.letter).join("")}`;
  document.querySelector(".score p").hidden = false;
};

items.forEach((item, number) => {
  const options = item.previousElementSibling;
  const said = [...item.querySelectorAll(".said")];
  const status = element("div", { className: "feedback" });
  status.setAttribute("role", "status");
  const group = element("div", { className: "options" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Answers to question ${number + 1}`);
  options.innerHTML.split(/<br ?\/?>/).forEach((text, index) => {
    const button = element("button", { type: "button", innerHTML: text.trim() });
    const { verdict } = said[index].dataset;
    const sign = { right: "\u2713 ", wrong: "\u2717 " }[verdict] || "";
    button.addEventListener("click", () => {
      button.dataset.verdict = sign + verdict;
      status.replaceChildren(...[...said[index].childNodes].map((node) => node.cloneNode(true)));
      status.scrollIntoView({ block: "nearest" });
      first[number] ??= { verdict, letter: "ABCDEFGH"[index] };
      if (!first.includes(null)) total();
    });
    group.append(button);
  });
  options.replaceWith(group);
  item.before(status);
  item.hidden = true;
});

if (items.length) {
  const score = element("div", { className: "score" });
  score.innerHTML = `<div role="status">Your score comes when all are answered.</div>
    <p hidden><label>Your choices in one word, to copy for a teacher:
    <input type="text" readonly></label> <button type="button">Copy</button></p>`;
  const code = score.querySelector("input");
  score.querySelector("button").addEventListener("click", ({ target }) => {
    const copied = navigator.clipboard?.writeText(code.value) ?? Promise.reject();
    copied.then(() => (target.textContent = "Copied"), () => code.select());
  });
  items.at(-1).after(score);
}

// What opens a drawer is a button. The drawer takes the focus, and Escape gives it back.
for (const toggle of document.querySelectorAll(".sidebar-toggle")) {
  const drawer = document.querySelector(toggle.id === "__toc" ? ".toc-drawer" : ".sidebar-drawer");
  const buttons = [...document.querySelectorAll(`.page label[for=${toggle.id}]`)].map((label) => {
    const button = element("button", { type: "button", className: label.className });
    button.setAttribute("aria-label", toggle.getAttribute("aria-label"));
    button.setAttribute("aria-expanded", "false");
    button.append(...label.childNodes);
    button.addEventListener("click", () => toggle.click());
    label.replaceWith(button);
    return button;
  });
  const seen = (part) => part.checkVisibility();
  toggle.addEventListener("change", () => {
    buttons.forEach((button) => button.setAttribute("aria-expanded", toggle.checked));
    if (toggle.checked) [...drawer.querySelectorAll("a")].find(seen).focus();
  });
  drawer.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    toggle.click();
    buttons.find(seen).focus();
  });
  for (const link of drawer.querySelectorAll("a[href^='#']")) {
    link.addEventListener("click", () => toggle.checked && toggle.click());
  }
}

// Furo's page of search results has no heading.
document.querySelector("#search-results")?.before(element("h1", { textContent: "Search" }));

// On paper nothing of this is folded.
const closed = () => [...document.querySelectorAll("details.result:not([open])")];
let opened = [];
addEventListener("beforeprint", () => (opened = closed()).forEach((one) => (one.open = true)));
addEventListener("afterprint", () => opened.forEach((one) => (one.open = false)));

for (const formula of document.querySelectorAll(".math")) {
  const source = formula.textContent.trim().slice(2, -2); // between \( and \), or \[ and \]
  katex.render(source, formula, { displayMode: formula.tagName === "DIV" });
}

// What is wider than a phone scrolls, by keyboard too.
document.fonts.ready.then(() => {
  for (const wide of document.querySelectorAll("pre, .math-wrapper, .table-wrapper, .text_html, .text_html div")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
});
