/** Runs one measure of one contestant, so many times, inside workerd; `GET /` lists them. */
import { codecBenchMeasures, type CodecMeasure } from "./measures.ts";

let measures: CodecMeasure[] | null = null;

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    // Made on request: the global scope allows no random values, and the sample archive has a key.
    const all = (measures ??= await codecBenchMeasures());
    const title = searchParams.get("title");
    if (title === null)
      return Response.json(all.map((one) => ({ title: one.title, names: Object.keys(one.runs) })));
    const runs = new Map(Object.entries(all.find((one) => one.title === title)?.runs ?? {}));
    const run = runs.get(searchParams.get("name") ?? "");
    if (run === undefined) return new Response(null, { status: 404 });
    for (let left = Number(searchParams.get("times")); left > 0; left--) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    return new Response("done");
  },
} satisfies ExportedHandler;
