/** The pages of set-up, in order. */

/** `done` pages were left; the rest wait. */
export type PageName =
  | "place"
  | "address"
  | "handles"
  | "look"
  | "links"
  | "joining"
  | "mail"
  | "network"
  | "owner"
  | "health";

export const PAGE_TITLES: Readonly<Record<PageName, string>> = {
  place: "Whose place it is",
  address: "Its address",
  handles: "Handles",
  look: "Name and colour",
  links: "Rules, privacy, contact",
  joining: "Who may join and read",
  mail: "Mail",
  network: "The network",
  owner: "Your account",
  health: "Is all well?",
};

export const PAGE_NAMES = Object.keys(PAGE_TITLES) as PageName[];

export const isPageName = (name: string): name is PageName => Object.hasOwn(PAGE_TITLES, name);

/** The page after another; the overview after the last. */
export function pathAfter(name: PageName): string {
  const next = PAGE_NAMES[PAGE_NAMES.indexOf(name) + 1];
  return next === undefined ? "/setup" : `/setup/${next}`;
}
