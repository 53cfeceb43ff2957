/** Parts of the schemas of this host's own methods (`internal.atoll.*`), which no public lexicon has. */
import * as v from "@atcute/lexicons/validations";

export const anything = { type: "lex", schema: v.object({}) } as const;

export const input = <Shape extends Parameters<typeof v.object>[0]>(shape: Shape) =>
  ({ type: "lex", schema: v.object(shape) }) as const;

/** The parameters of a list. */
export const page = {
  limit: v.optional(v.constrain(v.integer(), [v.integerRange(1, 100)]), 50),
  cursor: v.optional(v.string()),
};

/** A procedure by its name and input. */
export const procedure = <
  Name extends `internal.atoll.${string}`,
  Shape extends Parameters<typeof v.object>[0],
>(
  name: Name,
  shape: Shape,
) => ({ mainSchema: v.procedure(name, { params: null, input: input(shape), output: anything }) });
