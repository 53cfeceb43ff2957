/**
 * Output and prompts of a move: prompts and a progress bar at a terminal, plain lines and no questions
 * elsewhere.
 */
import * as clack from "@clack/prompts";
import { MoveStopped, STEPS, type Asker, type Reporter, type StepName } from "./move.ts";

const TITLE: Record<StepName, string> = {
  archive: "Fetching your repo, and keeping it here",
  account: "Making the account at the new host",
  repo: "Handing over the repo",
  blobs: "Copying pictures and videos",
  preferences: "Copying preferences",
  compare: "Comparing",
  identity: "Moving the identity",
  activate: "Waking the account at the new host",
  deactivate: "Putting the old account to sleep",
};

const numbered = (step: StepName) => `${STEPS.indexOf(step) + 1}/${STEPS.length} ${TITLE[step]}`;

export interface Question {
  message: string;
  /** The flag or variable that answers the question if nobody can be asked. */
  by: string;
  initial?: string;
  secret?: boolean;
  validate?: (value: string) => string | undefined;
}

export interface Screen extends Reporter, Asker {
  text(question: Question): Promise<string>;
  choose<T extends string>(message: string, by: string, options: { value: T; label: string }[]): Promise<T>;
  /** True if nobody can be asked. */
  confirm(message: string): Promise<boolean>;
  warn(line: string): void;
  error(line: string): void;
  /** Closes a step's line that is still open. */
  settle(): void;
}

/** Throws `MoveStopped` if the member pressed Ctrl-C at a question. */
function answered<T>(value: T | typeof clack.CANCEL_SYMBOL): T {
  if (clack.isCancel(value)) throw new MoveStopped("Stopped.");
  return value as T;
}

/** The lines of the steps, and the bar of the one that is under way. */
function terminalSteps() {
  let bar: ReturnType<typeof clack.progress> | null = null;
  let spinner: ReturnType<typeof clack.spinner> | null = null;
  let shown = 0;
  const settle = () => {
    spinner?.clear();
    bar?.clear();
    spinner = bar = null;
  };
  return {
    note: (line) => (spinner === null && bar === null ? clack.log.info(line) : spinner?.message(line)),
    settle,
    begin(step) {
      settle();
      shown = 0;
      if (step === "blobs") return;
      spinner = clack.spinner();
      spinner.start(numbered(step));
    },
    progress(step, done, total) {
      if (bar === null) {
        bar = clack.progress({ max: Math.max(1, total), style: "block" });
        bar.start(numbered(step));
      }
      bar.advance(done - shown, `${numbered(step)}: ${done} of ${total}`);
      shown = done;
    },
    end(step, summary) {
      settle();
      clack.log.success(`${numbered(step)}\n${summary}`);
    },
  } satisfies Reporter & Pick<Screen, "settle">;
}

/** @param code given on the command line; used once */
export function terminalScreen(code: string | undefined): Screen {
  const given = code === undefined ? [] : [code];
  const steps = terminalSteps();
  const { settle } = steps;
  const screen: Screen = {
    ...steps,
    async text(question) {
      settle();
      return askText(question);
    },
    async choose(message, _by, options) {
      settle();
      return answered(await clack.select({ message, options: options as never }));
    },
    async confirm(message) {
      settle();
      return answered(await clack.confirm({ message }));
    },
    warn: (line) => clack.log.warn(line),
    error(line) {
      settle();
      clack.log.error(line);
    },
    brought: () => given.shift(),
    async code({ purpose, host, email, again }) {
      settle();
      if (again !== null) clack.log.warn(again);
      else clack.note(...EXPLAINED[purpose](host));
      return screen.text({ message: `The code that ${host} has mailed to ${email}`, by: "--code" });
    },
    async publish(document) {
      settle();
      clack.note(JSON.stringify(document, null, 2), "Publish this as your did.json");
      if (!(await screen.confirm("Is it published?"))) throw new MoveStopped("The identity has not moved.");
    },
  };
  return screen;
}

async function askText({ message, initial, secret, validate }: Question): Promise<string> {
  const check = (value: string | undefined) =>
    value ? validate?.(value) : "Something has to be given here.";
  if (secret) return answered(await clack.password({ message, validate: check }));
  const start = initial === undefined ? {} : { initialValue: initial };
  return answered(await clack.text({ message, validate: check, ...start })).trim();
}

const EXPLAINED: Record<"identity" | "deletion", (host: string) => [string, string]> = {
  identity: () => [
    "Up to here nothing has changed but a sleeping copy.\n" +
      "With this code your identity moves: from then on others look for you at the new host.\n" +
      "Ctrl-C stops here. `npm run migrate` goes on later, `npm run migrate -- --undo` goes back, then too.",
    "The step that counts",
  ],
  deletion: (host) => [`With this code the copy at ${host} is deleted.`, "Going back"],
};

/** For scripts: prints plain lines; a question without an answer ends the run. */
export function plainScreen(code: string | undefined): Screen {
  const say = (line: string) => console.log(line);
  const missing = (by: string) =>
    new MoveStopped(`Needed: ${by}. What is done is kept; run it again with it.`);
  const given = code === undefined ? [] : [code];
  const screen: Screen = {
    text: ({ by }) => Promise.reject(missing(by)),
    choose: (_message, by) => Promise.reject(missing(by)),
    confirm: () => Promise.resolve(true),
    note: (line) => say(`  ${line}`),
    warn: (line) => say(`  warning: ${line}`),
    error: (line) => console.error(line),
    settle: () => undefined,
    begin: (step) => say(numbered(step)),
    progress(_step, done, total) {
      if (done === total || done % 50 === 0) say(`  ${done} of ${total}`);
    },
    end: (_step, summary) => say(`  ${summary}`),
    brought: () => given.shift(),
    code({ host, email, again }) {
      if (again !== null) screen.warn(again);
      return Promise.reject(missing(`--code, which ${host} has mailed to ${email}`));
    },
    async publish(document) {
      say(JSON.stringify(document, null, 2));
      throw missing("this document, published as your did.json");
    },
  };
  return screen;
}
