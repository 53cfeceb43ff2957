/** A station does not get a call of a flow, or its answer is lost. Whoever called it goes on. */
import { testCuts } from "../lifecycle/cut-flows.ts";

testCuts([
  { kills: false, loses: "call" },
  { kills: false, loses: "answer" },
]);
