// Reads a JSON list of formulas and prints the ones that KaTeX cannot parse, with its reason.
import { json } from "node:stream/consumers";
import katex from "katex";

const faults = (await json(process.stdin)).flatMap(({ source, display }) => {
  try {
    katex.renderToString(source, { displayMode: display, throwOnError: true, strict: "error" });
    return [];
  } catch (error) {
    return [{ source, reason: error.message }];
  }
});
console.log(JSON.stringify(faults));
