/**
 * Looking up as an invocation of its own (`ctx.exports.LookUp`): what the platform allows one is not taken from the
 * page that asks.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Elsewhere } from "../../appview/reads/elsewhere.ts";
import { DidResolver } from "../../identity/did.ts";
import { Directory } from "../../identity/directory.ts";
import { HandleResolver } from "../../identity/handle.ts";
import type { Host } from "../../identity/host.ts";
import { configure } from "../../protocol/settings/configured.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { Purse } from "./gates.ts";
import { LookingUp } from "./looking-up.ts";
import { View } from "./view.ts";

/** A question of a member's view, and how much of its bounds is left. */
export interface Errand {
  member: Did;
  host: Pick<Host, "origin" | "hostname" | "handleDomains">;
  plc: string;
  /** Hosts that are not asked (BLOCKED_HOSTS). */
  blocked: string;
  /** Requests. */
  left: number;
  /** Milliseconds until the view is answered without it. */
  patience: number;
}

/** An answer, and the requests that are left. */
export interface Found<Value> {
  value: Value;
  left: number;
}

type Asked<Name extends "accounts" | "records" | "posts" | "record"> = Awaited<ReturnType<Elsewhere[Name]>>;

export interface LookUpStation {
  accounts(errand: Errand, ids: string[]): Promise<Found<Asked<"accounts">>>;
  records(errand: Errand, uris: string[]): Promise<Found<Asked<"records">>>;
  posts(errand: Errand, did: Did, page: Parameters<Elsewhere["posts"]>[1]): Promise<Found<Asked<"posts">>>;
  record(errand: Errand, uri: ResourceUri): Promise<Found<Asked<"record">>>;
  /** Looks at an account again. */
  again(errand: Errand, did: Did): Promise<void>;
  /** Looks at a post of the index again. */
  stillThere(errand: Errand, uri: ResourceUri): Promise<void>;
}

export class LookUp extends WorkerEntrypoint<Bindings> implements LookUpStation {
  #start({ member, host, plc, blocked, left, patience }: Errand): { looking: LookingUp; purse: Purse } {
    const env = { ...configure(this.env).bindings, PLC_URL: plc, BLOCKED_HOSTS: blocked };
    const directory = new Directory(env);
    const dids = new DidResolver(env, directory);
    const { handleDomains, hostname } = host;
    const handles = new HandleResolver(env, directory, dids, handleDomains, Date.now, hostname);
    const defer = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const purse = new Purse(left);
    return {
      looking: new LookingUp(
        new View({ env, host, directory, dids, handles, defer }, { member, purse, patience }),
      ),
      purse,
    };
  }

  async accounts(errand: Errand, ids: string[]): Promise<Found<Asked<"accounts">>> {
    const { looking, purse } = this.#start(errand);
    return { value: await looking.accounts(ids), left: purse.left };
  }

  async records(errand: Errand, uris: string[]): Promise<Found<Asked<"records">>> {
    const { looking, purse } = this.#start(errand);
    return { value: await looking.records(uris), left: purse.left };
  }

  async posts(
    errand: Errand,
    did: Did,
    page: Parameters<Elsewhere["posts"]>[1],
  ): Promise<Found<Asked<"posts">>> {
    const { looking, purse } = this.#start(errand);
    return { value: await looking.posts(did, page), left: purse.left };
  }

  async record(errand: Errand, uri: ResourceUri): Promise<Found<Asked<"record">>> {
    const { looking, purse } = this.#start(errand);
    return { value: await looking.record(uri), left: purse.left };
  }

  again(errand: Errand, did: Did): Promise<void> {
    return this.#start(errand).looking.again(did);
  }

  stillThere(errand: Errand, uri: ResourceUri): Promise<void> {
    return this.#start(errand).looking.stillThere(uri);
  }
}
