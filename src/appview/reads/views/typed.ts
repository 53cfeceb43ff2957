/** Views with and without their `$type`. */
interface MaybeTyped {
  $type?: string | undefined;
}

/** A member of a union, which must have a `$type`. */
export type Typed<View extends MaybeTyped> = View & { $type: NonNullable<View["$type"]> };

/** A view whose position determines its type, so that it can become part of a view of another type. */
export type Plain<View extends MaybeTyped> = Omit<View, "$type">;
