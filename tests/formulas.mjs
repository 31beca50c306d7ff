// Reads a JSON list of formulas and prints the ones that KaTeX cannot parse, with its reason.
import { readFileSync } from "node:fs";
import katex from "katex";

const faults = JSON.parse(readFileSync(0, "utf8")).flatMap(({ source, display }) => {
  try {
    katex.renderToString(source, { displayMode: display, throwOnError: true, strict: "error" });
    return [];
  } catch (error) {
    return [{ source, reason: error.message }];
  }
});
console.log(JSON.stringify(faults));
