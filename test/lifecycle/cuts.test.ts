/** The host dies at any call of a flow. To die before a call is to die after the one before it. */
import { testCuts } from "./cut-flows.ts";

testCuts([{ kills: true, loses: "answer" }]);
