/** Views with and without their `$type`. */
interface MaybeTyped {
  $type?: string | undefined;
}

/** A member of a union: it must say what it is. */
export type Typed<View extends MaybeTyped> = View & { $type: NonNullable<View["$type"]> };

/** A view whose place says what it is, so that it may become another kind's part. */
export type Plain<View extends MaybeTyped> = Omit<View, "$type">;
