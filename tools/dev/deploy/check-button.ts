/** `npm run check` runs this: the README has the button that `button.ts` wants, and no other. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../wrangler-file.ts";
import { type Manifest, faultOfButton } from "./button.ts";

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const fault = faultOfButton(JSON.parse(read("package.json")) as Manifest, read("README.md"));
if (fault !== null) {
  console.error(fault);
  process.exit(1);
}
