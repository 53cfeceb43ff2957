/** Where a host's objects live, by law. Their ids depend on it: a host keeps to what it began with. */

interface Chosen {
  JURISDICTION: "" | "eu";
  /** The local runtime knows no jurisdictions. */
  LOCAL: string;
}

interface Namespace {
  jurisdiction(name: string): object;
}

const isNamespace = (value: unknown): value is Namespace =>
  typeof value === "object" && value !== null && "getByName" in value && "jurisdiction" in value;

/** The bindings, with objects made and found in the chosen jurisdiction alone. */
export function inJurisdiction<Env extends Chosen>(bindings: Env): Env {
  const { JURISDICTION, LOCAL } = bindings;
  if (JURISDICTION === "" || LOCAL !== "") return bindings;
  const placed = Object.entries(bindings)
    .filter(([, value]) => isNamespace(value))
    .map(([name, value]) => [name, isNamespace(value) ? value.jurisdiction(JURISDICTION) : value]);
  return { ...bindings, ...Object.fromEntries(placed) };
}
