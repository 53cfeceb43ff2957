import { expect, test } from "vitest";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { Directory } from "../../src/identity/directory.ts";
import { bindings } from "../support/bindings.ts";

// Resolved secrets are cached per database object, and this object has no cache yet.
const bare = { ...bindings, ADMIN_PASSWORD: "", DIRECTORY: countDatabase(bindings.DIRECTORY).db };

test("a secret is made once, of two that ask at the same moment too", async () => {
  const values = await Promise.all(Array.from({ length: 8 }, () => new Directory(bare).secret("JWT_SECRET")));
  expect(new Set(values).size).toBe(1);
  expect(values[0]).toMatch(/^[0-9a-f]{64}$/);
  const stored = await bindings.DIRECTORY.prepare(
    "SELECT value FROM secret WHERE name = 'JWT_SECRET'",
  ).first<string>("value");
  expect(stored).toBe(values[0]);
});

test("what people must type is grouped and has no letters that are mixed up", async () => {
  const password = await new Directory(bare).secret("ADMIN_PASSWORD");
  expect(password).toMatch(/^([a-hj-km-np-z1-9]{5}-){3}[a-hj-km-np-z1-9]{5}$/);
});

test("a secret in the environment wins, and is not stored", async () => {
  const env = { ...bare, PLC_ROTATION_KEY: "ab".repeat(32) };
  expect(await new Directory(env).secret("PLC_ROTATION_KEY")).toBe("ab".repeat(32));
  const made = await new Directory(bare).secret("PLC_ROTATION_KEY");
  expect(made).not.toBe("ab".repeat(32));
});
