/** The setting JURISDICTION, on namespaces that note how they are asked: the local runtime knows none. */
import { expect, test } from "vitest";
import { configure } from "../../src/protocol/settings/configured.ts";

const namespace = () => ({
  where: "anywhere",
  getByName: (name: string) => name,
  jurisdiction(where: string) {
    return { ...this, where };
  },
});
const given = () => ({
  ACCOUNT: namespace(),
  SEQUENCER: namespace(),
  FAN_OUT: namespace(),
  LABELS: namespace(),
  NEIGHBOURS_OBJECT: namespace(),
});
const placesOf = (env: ReturnType<typeof given> & { JURISDICTION?: string; LOCAL?: string }) => {
  const { bindings } = configure(env);
  const { ACCOUNT, SEQUENCER, FAN_OUT, LABELS, NEIGHBOURS_OBJECT } = bindings;
  return [ACCOUNT, SEQUENCER, FAN_OUT, LABELS, NEIGHBOURS_OBJECT].map(({ where }) => where);
};

test("every class of objects is made in the chosen jurisdiction", () => {
  expect(placesOf({ ...given(), JURISDICTION: "eu" })).toEqual(Array.from({ length: 5 }, () => "eu"));
});

test.each([{}, { JURISDICTION: "" }, { JURISDICTION: "eu", LOCAL: "1" }])("%j: anywhere", (settings) => {
  expect(placesOf({ ...given(), ...settings })).toEqual(Array.from({ length: 5 }, () => "anywhere"));
});

test("a jurisdiction that there is not is a fault", () => {
  expect(configure({ JURISDICTION: "moon" }).faults.join()).toContain("none of eu");
});
