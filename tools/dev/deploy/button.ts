/**
 * The README's deploy button. It leads to the repository that package.json names, and where none is named, there
 * is no button: one that leads elsewhere deploys somebody else's code.
 */
const BUTTON = "https://deploy.workers.cloudflare.com/";

export interface Manifest {
  repository?: { url?: string };
}

/** The README's line for a repository; null without one. */
export function buttonFor({ repository }: Manifest): string | null {
  const address = repository?.url?.replace(/^git\+|\.git$/g, "");
  return address === undefined
    ? null
    : `[![Deploy to Cloudflare](${BUTTON}button)](${BUTTON}?url=${address})`;
}

/** The README's fault, in words; null if there is none. */
export function faultOfButton(manifest: Manifest, readme: string): string | null {
  const wanted = buttonFor(manifest);
  const links = readme.split(`${BUTTON}?url=`).length - 1;
  if (wanted === null)
    return links === 0 ? null : "README.md has a deploy button, but package.json names no `repository.url`.";
  return links === 1 && readme.includes(wanted)
    ? null
    : `README.md needs this line under "Deploying", and no other button:\n${wanted}`;
}
