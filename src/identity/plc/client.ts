/** The client of the did:plc directory: `PLC_URL`, or the embedded directory of a local run. */
import type { Did, Handle } from "@atcute/lexicons";
import type { Keypair } from "@atproto/crypto";
import { importKey } from "../../protocol/keys.ts";
import { invalidRequest, isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Directory } from "../directory.ts";
import {
  createGenesis,
  createTombstone,
  createUpdate,
  operationCid,
  stateOf,
  withHandle,
  type AnyOperation,
  type Genesis,
  type PlcLegacyCreate,
  type PlcOperation,
  type PlcState,
} from "./operation.ts";
import { type PlcBindings, askPlc } from "./request.ts";

/** How often an update is tried when others' operations come between. */
const ROUNDS = 3;

export class PlcClient {
  readonly #env: PlcBindings;
  readonly #directory: Directory;

  constructor(env: PlcBindings, directory: Directory) {
    this.#env = env;
    this.#directory = directory;
  }

  /** The host's rotation key as a did:key. */
  async rotationKey(): Promise<string> {
    return (await this.#signer()).did();
  }

  /**
   * Creates a new DID, not yet registered. The owner's `recoveryKey`, already validated as a did:key,
   * outranks the host's key.
   */
  async createGenesis(
    wanted: Omit<Genesis, "rotationKeys"> & { recoveryKey?: string | undefined },
  ): Promise<{ did: Did<"plc">; operation: PlcOperation }> {
    const { recoveryKey, ...state } = wanted;
    const signer = await this.#signer();
    const rotationKeys = [...(recoveryKey ? [recoveryKey] : []), signer.did()];
    return createGenesis({ ...state, rotationKeys }, signer);
  }

  /**
   * Submits an operation. Idempotent: an operation that is already the directory's newest counts as accepted.
   * Refuses InvalidRequest in the directory's words, 502 UpstreamFailure.
   */
  async submit(did: Did, operation: AnyOperation): Promise<void> {
    const { status, body } = await askPlc(this.#env, `/${did}`, operation);
    if (status < 300) return;
    if (status === 429 || status >= 500) {
      throw new Refusal("UpstreamFailure", "The PLC directory failed", 502);
    }
    const last = await askPlc(this.#env, `/${did}/log/last`);
    if (last.status === 200 && operationCid(last.body as AnyOperation) === operationCid(operation)) {
      return;
    }
    throw invalidRequest(messageOf(body) ?? "The PLC directory refused the operation");
  }

  /** The present state of a DID. Refuses DidNotFound, DidDeactivated, 502 UpstreamFailure. */
  async state(did: Did): Promise<PlcState> {
    return stateOf(await this.lastOperation(did));
  }

  /**
   * The newest valid operation of a DID that has not ended. Refuses DidNotFound, DidDeactivated, 502
   * UpstreamFailure.
   */
  async lastOperation(did: Did): Promise<PlcOperation | PlcLegacyCreate> {
    const { status, body } = await askPlc(this.#env, `/${did}/log/last`);
    if (status === 404) throw new Refusal("DidNotFound", `DID not found: ${did}`);
    if (status !== 200) throw new Refusal("UpstreamFailure", "The PLC directory failed", 502);
    // The form of the directory's log is trusted: the `operationCid` of anything else would only make an
    // update that the directory refuses.
    const last = body as AnyOperation;
    if (last.type === "plc_tombstone") throw new Refusal("DidDeactivated", "Did is tombstoned");
    return last;
  }

  /** Signs an update as the host, without submitting it. Refuses like `lastOperation`. */
  async signUpdate(did: Did, change: (state: PlcState) => PlcState): Promise<PlcOperation> {
    const [last, signer] = await Promise.all([this.lastOperation(did), this.#signer()]);
    return createUpdate(last, signer, change);
  }

  /**
   * Refuses InvalidRequest if the DID document does not let this host change it; else like `lastOperation`.
   */
  async assertMayUpdate(did: Did): Promise<void> {
    const [{ rotationKeys }, signer] = await Promise.all([this.state(did), this.#signer()]);
    if (!rotationKeys.includes(signer.did())) {
      throw invalidRequest(
        "This host may not change the DID document: its key is not among the rotation keys",
      );
    }
  }

  /**
   * Makes `handle` the first alias of the DID; does nothing if it already is. Refuses like `submit` and
   * `lastOperation`.
   */
  async updateHandle(did: Did, handle: Handle): Promise<void> {
    return this.#update(did, (state) => {
      const isFirst = state.alsoKnownAs.find((each) => each.startsWith("at://")) === `at://${handle}`;
      return isFirst ? null : withHandle(state, handle);
    });
  }

  /**
   * Makes `to` the DID's PDS if it is one of `from`. True if the DID has its PDS at `to` now. Refuses like
   * `submit` and `lastOperation`.
   */
  async moveEndpoint(did: Did, from: readonly string[], to: string): Promise<boolean> {
    let isHere = false;
    await this.#update(did, (state) => {
      const pds = state.services.atproto_pds;
      const isLate = pds !== undefined && from.includes(pds.endpoint);
      isHere = isLate || pds?.endpoint === to;
      if (!isLate || pds === undefined) return null;
      return { ...state, services: { ...state.services, atproto_pds: { ...pds, endpoint: to } } };
    });
    return isHere;
  }

  /** @param change the state wanted, null if it is so already */
  async #update(did: Did, change: (state: PlcState) => PlcState | null): Promise<void> {
    let last = await this.lastOperation(did);
    for (let round = 1; ; round++) {
      const wanted = change(stateOf(last));
      if (wanted === null) return;
      const signer = await this.#signer();
      try {
        const update = await createUpdate(last, signer, () => wanted);
        return await this.submit(did, update);
      } catch (thrown) {
        // Somebody else's operation may have come first; then this one follows it.
        const newest = await this.lastOperation(did);
        if (round === ROUNDS || operationCid(newest) === operationCid(last)) throw thrown;
        last = newest;
      }
    }
  }

  /** Ends a DID created by this host. Idempotent. Refuses like `submit` and `lastOperation`. */
  async tombstone(did: Did): Promise<void> {
    try {
      const last = await this.lastOperation(did);
      await this.submit(did, await createTombstone(last, await this.#signer()));
    } catch (thrown) {
      if (!isRefusal(thrown) || thrown.error !== "DidDeactivated") throw thrown;
    }
  }

  async #signer(): Promise<Keypair> {
    const hex = await this.#directory.secret("PLC_ROTATION_KEY");
    if (rotation?.hex !== hex) rotation = { hex, key: await importKey(hex) };
    return rotation.key;
  }
}

/**
 * The rotation key, cached while it stays the same: deriving its public half costs a point multiplication.
 */
let rotation: { hex: string; key: Keypair } | null = null;

function messageOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("message" in body)) return null;
  return typeof body.message === "string" ? body.message : null;
}
