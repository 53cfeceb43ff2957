/**
 * The seam between a deploy and test networks, the one place where they differ. The kit's build defines
 * `ATOLL_TEST_KIT` as true (`tools/kit/runtime/build.ts`), the tests in workerd `ATOLL_CHEAP_HASHES`
 * (`vitest.config.ts`); every other build defines both as false.
 */
declare const ATOLL_TEST_KIT: boolean | undefined;
declare const ATOLL_CHEAP_HASHES: boolean | undefined;

/** Whether this build is a test network's: no name is reserved. */
export const IS_TEST_KIT: boolean = typeof ATOLL_TEST_KIT !== "undefined" && ATOLL_TEST_KIT;

/** Whether passwords are hashed at the lowest cost: accounts of tests are many, and have nothing to protect. */
export const HASHES_CHEAPLY: boolean =
  IS_TEST_KIT || (typeof ATOLL_CHEAP_HASHES !== "undefined" && ATOLL_CHEAP_HASHES);
