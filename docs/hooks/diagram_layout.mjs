// Lays out Graphviz sources given as a JSON array on standard input; prints a JSON array of {ok, json | errors}.
import { instance } from "@viz-js/viz";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const viz = await instance();
const answers = JSON.parse(Buffer.concat(chunks).toString("utf8")).map((source) => {
  const result = viz.render(source, { format: "json0", engine: "dot" });
  return result.status === "success"
    ? { ok: true, json: result.output }
    : { ok: false, errors: result.errors.map((error) => error.message) };
});
process.stdout.write(JSON.stringify(answers));
