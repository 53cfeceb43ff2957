/** Reckons use into money. */
import { PAID_DOLLARS, RESOURCES, type Resource, priceOf } from "./prices.ts";

/** How much of each there is: of a day, of a month, or kept. */
export type Use = Record<Resource, number>;

/** The cost of one resource in a month on the paid plan, beyond the included amount. */
export function dollarsFor(resource: Resource, used: number): number {
  const { included, dollars, unit, whole } = priceOf(resource);
  const units = Math.max(0, used - included) / unit;
  return dollars * (whole ? Math.ceil(units) : units);
}

/** The cost of a month on the paid plan. */
export const monthDollars = (month: Use): number =>
  RESOURCES.reduce((sum, resource) => sum + dollarsFor(resource, month[resource]), PAID_DOLLARS);

/** How much of the free plan's limit a day uses, 1 being all; null where it has none. */
export function shareOfFree(resource: Resource, day: number, month: number): number | null {
  const { free } = priceOf(resource);
  if (free === null) return null;
  return (free.per === "month" ? month : day) / free.most;
}
