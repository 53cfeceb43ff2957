/** The runtime's flags that the code relies on, as this very runtime has them. */
import { expect, test } from "vitest";

const { compatibilityFlags } = Cloudflare;

test.each(["global_fetch_strictly_public", "new_module_registry"])("%s is on", (flag) => {
  expect(compatibilityFlags[flag]).toBe(true);
});
