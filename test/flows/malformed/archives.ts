/** Archives that cannot become a repo. */
import { pick } from "../../../tools/seed/random.ts";
import { readCar, writeCar } from "../../../src/protocol/car.ts";
import { encode, toBytes } from "../../../src/protocol/cbor.ts";
import { cidBytesOfCbor, cidOfCbor } from "../../../src/protocol/cid.ts";
import { signCommit } from "../../../src/protocol/commit.ts";
import type { Family, Random, Stage } from "./requests.ts";
import { INVALID, bytes, call, int, noise } from "./requests.ts";

const UNKNOWN = "com.example.thing";
const CID = cidOfCbor(encode({}));

/** An archive of a repo with one record, under a commit that anybody may have signed. */
function archiveOf(did: string, path: string, record: Uint8Array, present = true): Uint8Array {
  const cid = cidOfCbor(record);
  const entry = { k: toBytes(new TextEncoder().encode(path)), p: 0, t: null, v: { $link: cid } };
  const node = encode({ e: [entry], l: null });
  const key = new Uint8Array(32).fill(9);
  const commit = signCommit({ did, data: cidOfCbor(node), rev: "3mzzzzzzzzz2a" }, key);
  const blocks = [commit, { cid: cidOfCbor(node), bytes: node }];
  return writeCar([commit.cid], present ? [...blocks, { cid, bytes: record }] : blocks);
}

/** Blocks that DAG-CBOR or the data model does not allow. Older hosts may have taken them. */
const ODD_BLOCKS: readonly number[][] = [
  [0xa1, 0x61, 0x76, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xa1, 0x61, 0x76, 0xf9, 0x3e, 0x00],
  [0xbf, 0x61, 0x76, 0x01, 0xff],
  [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01],
  [0xa1, 0x61, 0x76, 0x18, 0x01],
  [0xa1, 0x61, 0x76, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xa1, 0x61, 0xff, 0x01],
];
/** Blocks that no host can read as a record. */
const UNREADABLE_BLOCKS: readonly number[][] = [
  [0xa1, 0x61, 0x76],
  [0xa1, 0x61, 0x76, 0x1b, 0xff],
  [0xbf, 0x61, 0x76, 0x01],
  [0xa1, 0x61, 0x76, 0x1c],
  [0xa0, 0xa0],
  [0x83, 0x01, 0x02, 0x03],
  [0x01],
  [],
];
export const BAD_BLOCKS: readonly number[][] = [...ODD_BLOCKS, ...UNREADABLE_BLOCKS];

function badArchive({ member, car, otherCar }: Stage, random: Random): Uint8Array<ArrayBuffer> {
  const changed = (at: number, byte: number) => car.map((was, i) => (i === at ? byte : was));
  const blocks = () => [...readCar(car).blocks].map(([cid, block]) => ({ cid, bytes: block }));
  const [root = CID] = readCar(car).roots;
  const made = pick<() => Uint8Array>(
    [
      () => bytes(random, 1 + int(random, 400)),
      () => new TextEncoder().encode(noise(random, 200).toWellFormed()),
      () => car.slice(0, 1 + int(random, car.length - 1)),
      () => {
        const at = int(random, car.length);
        return changed(at, (car[at] ?? 0) ^ (1 + int(random, 255)));
      },
      () => otherCar,
      () => writeCar([CID], blocks()),
      () => writeCar([], blocks()),
      () => writeCar([root, root], blocks()),
      // One block is missing.
      () => {
        const all = blocks();
        all.splice(int(random, all.length), 1);
        return writeCar([root], all);
      },
      () => archiveOf(member.did, `${UNKNOWN}/a`, Uint8Array.from(pick(UNREADABLE_BLOCKS, random))),
      () => archiveOf(member.did, `${UNKNOWN}/a`, encode({ $type: UNKNOWN }), false),
      () => archiveOf("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", `${UNKNOWN}/a`, encode({ $type: UNKNOWN })),
      () =>
        archiveOf(
          member.did,
          pick(["none", "a/b/c", `${UNKNOWN}/`, `${UNKNOWN}/a b`, "/x"], random),
          encode({ $type: UNKNOWN }),
        ),
      // Not a commit, and blocks that are not CBOR, under correct hashes.
      () => {
        const commit = bytes(random, 40);
        return writeCar([cidBytesOfCbor(commit)], [{ cid: cidBytesOfCbor(commit), bytes: commit }]);
      },
      () => {
        const commit = encode({ did: member.did, version: 4, data: CID, rev: "x", prev: null, sig: "y" });
        return writeCar([cidOfCbor(commit)], [{ cid: cidOfCbor(commit), bytes: commit }]);
      },
      () => writeCar([CID], [{ cid: CID, bytes: encode({}) }]),
    ],
    random,
  )();
  return Uint8Array.from(made);
}

export const archiveFamilies: readonly Family[] = [
  {
    name: "an archive that is none",
    count: 120,
    errors: INVALID,
    make(stage, random) {
      return call(
        "com.atproto.repo.importRepo",
        stage.member,
        badArchive(stage, random),
        "application/vnd.ipld.car",
      );
    },
  },
];
