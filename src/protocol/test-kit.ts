/**
 * The seam between the host and its test kit, the one place where they differ. The kit's build defines
 * `ATOLL_TEST_KIT` as true (`tools/kit/build.ts`); every other build, as false.
 */
declare const ATOLL_TEST_KIT: boolean | undefined;

/** Whether this build is a test network's: passwords are hashed at the lowest cost, and no name is reserved. */
export const IS_TEST_KIT: boolean = typeof ATOLL_TEST_KIT !== "undefined" && ATOLL_TEST_KIT;
