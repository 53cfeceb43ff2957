/** Wiring only: the fetch handler, and the classes that the platform makes. */
export { AccountObject } from "./account/object.ts";
export { AppView } from "./appview/entrypoint.ts";
export { LabelsObject } from "./identity/labels-object.ts";
export { Lifecycle } from "./lifecycle/entrypoint.ts";
export { SequencerObject } from "./sequencer/object.ts";
import { app } from "./edge/app.ts";

export default { fetch: app.fetch };
