/**
 * The official interop fixtures, byte for byte. If they are missing, these tests are skipped, and the run
 * says so (`vitest.config.ts`).
 */
import { Buffer } from "node:buffer";
import { P256Keypair, extractMultikey, multibaseToBytes, parseDidKey } from "@atproto/crypto";
import { describe, expect, inject, test } from "vitest";
import { decode, decodeToJson, encode } from "../../src/protocol/cbor.ts";
import { cidFromBytes, cidOfCbor, cidToBytes } from "../../src/protocol/cid.ts";
import { jsonToLex } from "../../src/protocol/data-model.ts";
import { didKey, isDidKey, verify } from "../../src/protocol/keys.ts";
import { buildMst } from "../../src/protocol/mst/build.ts";
import { commonPrefix, keyLayer } from "../../src/protocol/mst/node.ts";
import { editMst, type MstEdit } from "../../src/protocol/mst/mst.ts";
import { must } from "../../src/protocol/refusal.ts";
import {
  isAtIdentifier,
  isAtUri,
  isCidSyntax,
  isDatetime,
  isDid,
  isHandle,
  isLanguage,
  isNsid,
  isRecordKey,
  isUri,
} from "../../src/protocol/syntax.ts";
import { isTid } from "../../src/protocol/tid.ts";
import { MemoryRows } from "../support/memory-rows.ts";

const interop = inject("interop");
const file = (name: string): string => must(interop?.[name], name);
const parsed = <T>(name: string): T => JSON.parse(file(name));

describe.skipIf(interop === null)("syntax", () => {
  const kinds: Record<string, (text: string) => boolean> = {
    atidentifier: isAtIdentifier,
    aturi: isAtUri,
    cid: isCidSyntax,
    datetime: isDatetime,
    did: isDid,
    handle: isHandle,
    language: isLanguage,
    nsid: isNsid,
    recordkey: isRecordKey,
    tid: isTid,
    uri: isUri,
  };
  const files = Object.keys(interop ?? {}).filter((name) => name.startsWith("syntax/"));

  test.each(files)("%s", (name) => {
    const [, kind = "", verdict] = /syntax\/([a-z]+)_[a-z]+_(valid|invalid)/.exec(name) ?? [];
    const accepts = must(kinds[kind], kind);
    const lines = file(name)
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(0);
    const wrong = lines.filter((line) => accepts(line) !== (verdict === "valid"));
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(interop === null)("data model", () => {
  test("fixtures encode to their bytes and CIDs, and back", () => {
    const fixtures = parsed<{ json: unknown; cbor_base64: string; cid: string }[]>(
      "data-model/data-model-fixtures.json",
    );
    for (const { json, cbor_base64, cid } of fixtures) {
      const bytes = encode(jsonToLex(json));
      expect(Buffer.from(bytes).toString("base64").replace(/=+$/, "")).toBe(cbor_base64);
      expect(cidOfCbor(bytes)).toBe(cid);
      expect(decodeToJson(bytes)).toEqual(json);
      expect(encode(decode(bytes))).toEqual(bytes);
    }
  });

  test("valid data is accepted", () => {
    for (const { json } of parsed<{ json: unknown }[]>("data-model/data-model-valid.json"))
      expect(decodeToJson(encode(jsonToLex(json)))).toEqual(json);
  });

  test("invalid data is refused", () => {
    const cases = parsed<{ note: string; json: unknown }[]>("data-model/data-model-invalid.json");
    for (const { note, json } of cases) expect(() => jsonToLex(json), note).toThrow(/Invalid record/);
  });
});

describe.skipIf(interop === null)("crypto", () => {
  test("signatures verify, unless high-S or DER", async () => {
    interface Case {
      comment: string;
      messageBase64: string;
      publicKeyDid: string;
      publicKeyMultibase: string;
      algorithm: string;
      signatureBase64: string;
      validSignature: boolean;
    }
    for (const fixture of parsed<Case[]>("crypto/signature-fixtures.json")) {
      const message = Buffer.from(fixture.messageBase64, "base64");
      const signature = Buffer.from(fixture.signatureBase64, "base64");
      const { comment, publicKeyDid } = fixture;
      expect(await verify(publicKeyDid, message, signature), comment).toBe(fixture.validSignature);
      expect(isDidKey(publicKeyDid)).toBe(true);
      expect(parseDidKey(publicKeyDid).jwtAlg).toBe(fixture.algorithm);
    }
  });

  test("K-256 private keys have their did:key", () => {
    const cases = parsed<{ privateKeyBytesHex: string; publicDidKey: string }[]>(
      "crypto/w3c_didkey_K256.json",
    );
    for (const { privateKeyBytesHex, publicDidKey } of cases) {
      const key = didKey(Buffer.from(privateKeyBytesHex, "hex"));
      expect(key).toBe(publicDidKey);
      expect(extractMultikey(key)).toBe(publicDidKey.replace("did:key:", ""));
    }
  });

  test("P-256 public keys have their did:key", async () => {
    const cases = parsed<{ privateKeyBytesBase58: string; publicDidKey: string }[]>(
      "crypto/w3c_didkey_P256.json",
    );
    for (const { privateKeyBytesBase58, publicDidKey } of cases) {
      const pair = await P256Keypair.import(multibaseToBytes(`z${privateKeyBytesBase58}`));
      expect(pair.did()).toBe(publicDidKey);
      expect(isDidKey(publicDidKey)).toBe(true);
    }
  });
});

describe.skipIf(interop === null)("mst", () => {
  test("keys have their layers", () => {
    for (const { key, height } of parsed<{ key: string; height: number }[]>("mst/key_heights.json"))
      expect(keyLayer(key), key).toBe(height);
  });

  test("strings have their common prefixes", () => {
    interface Case {
      left: string;
      right: string;
      len: number;
    }
    for (const { left, right, len } of parsed<Case[]>("mst/common_prefix.json"))
      expect(commonPrefix(left, right)).toBe(len);
  });

  test("the example keys name their layers", () => {
    for (const key of file("mst/example_keys.txt").split("\n").filter(Boolean))
      expect(keyLayer(key), key).toBe(Number(key.charAt(1)));
  });

  test("commit proofs hold exactly the blocks of the fixtures", () => {
    interface Case {
      comment: string;
      leafValue: string;
      keys: string[];
      adds: string[];
      dels: string[];
      rootBeforeCommit: string;
      rootAfterCommit: string;
      blocksInProof: string[];
    }
    for (const fixture of parsed<Case[]>("firehose/commit-proof-fixtures.json")) {
      const cid = cidToBytes(fixture.leafValue);
      const store = new MemoryRows();
      const sorted = fixture.keys.toSorted().map((key) => [key, cid] as const);
      store.fill(buildMst(sorted, "3jzfcijpj2z2a"));
      expect(store.root()).toBe(fixture.rootBeforeCommit);
      const edits: MstEdit[] = [
        ...fixture.adds.map((path) => ({ action: "create", path, cid }) as const),
        ...fixture.dels.map((path) => ({ action: "delete", path }) as const),
      ];
      const result = editMst(store, edits, "3jzfcijpj2z2b");
      expect(cidFromBytes(result.previousRoot)).toBe(fixture.rootBeforeCommit);
      expect(cidFromBytes(result.root)).toBe(fixture.rootAfterCommit);
      const blocks = [...result.newBlocks, ...result.proof].map((block) => cidFromBytes(block.cid));
      expect(blocks.toSorted(), fixture.comment).toEqual(fixture.blocksInProof.toSorted());
    }
  });
});
