// Runs notebooks in Pyodide: node in_pyodide.mjs PYODIDE ROOT [PURE PACKAGE...]
// Standard input has them as in_pyodide.py takes them; a line of output says how each went.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [pyodide, root, ...pure] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: pyodide, env: { MPLBACKEND: "agg", HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" } });
const quiet = { messageCallback() {} };
await python.loadPackage(["numpy", "matplotlib", "ipython"], quiet);
for (const folder of pure) python.mountNodeFS(`/lib/python3.12/site-packages/${basename(folder)}`, folder);
python.mountNodeFS("/course", root);
python.runPython(readFileSync(`${import.meta.dirname}/in_pyodide.py`, "utf8"));
const run = python.globals.get("run");
for (const [stem, cells] of await json(process.stdin)) {
  const began = process.cpuUsage();
  const said = JSON.parse(await run(cells, (source) => python.loadPackagesFromImports(source, quiet)));
  const { user, system } = process.cpuUsage(began);
  console.log(JSON.stringify({ stem, ...said, seconds: (user + system) / 1e6 }));
}
process.exit();
