/** What the object keeps of its neighbours, in a database that only counts. */
import { beforeEach, expect, test } from "vitest";
import { type HeardHost, type Neighbour, NeighbourStore } from "../../../src/lifecycle/neighbours/store.ts";

let written: string[];
let asking: { total: number; today: number };
let store: NeighbourStore;

const host: HeardHost = {
  name: "south.example",
  origin: "https://south.example",
  cursor: 5,
  due: 10,
  failures: 0,
  heard: 1,
};
const bob: Neighbour = {
  did: "did:plc:bobbobbobbobbobbobbobbob",
  host: host.name,
  key: "did:key:z",
  relation: "tracked",
  held: null,
  due: 3,
  failures: 0,
  checked: 2,
};

beforeEach(() => {
  written = [];
  asking = { total: 0, today: 0 };
  const sql = {
    all: (query: string) => (query.includes("count(*)") ? [asking] : []),
    run: (query: string) => void written.push(query.split(" ").slice(0, 5).join(" ")),
    transaction: (work: () => void) => work(),
  };
  store = new NeighbourStore(sql as never);
});

test("a host that had nothing to say costs no row, and is not heard again before its time", () => {
  store.keep(host, [bob]);
  expect(written).toEqual(["INSERT OR REPLACE INTO host", "INSERT OR REPLACE INTO account"]);
  store.keep({ ...host, due: 70, heard: 2 }, []);
  expect(written.length).toBe(2);
  expect(store.host(host.name)).toMatchObject({ due: 70, heard: 2 });
  store.keep({ ...host, cursor: 6 }, []);
  store.keep({ ...host, cursor: 6, failures: 1 }, []);
  expect(written.length).toBe(4);
});

test("a host is forgotten with the last of its accounts", () => {
  const carol: Neighbour = { ...bob, did: "did:plc:carolcarolcarolcarolcaro" };
  store.keep(host, [bob, carol]);
  store.forget([bob.did]);
  expect([store.host(host.name), store.account(bob.did)]).toEqual([host, null]);
  store.forget([carol.did]);
  expect([store.host(host.name), store.size]).toEqual([null, 0]);
});

test("hosts that ask are noted as far as there is room", () => {
  const isNoted = () => written.some((query) => query.startsWith("INSERT"));
  asking = { total: 500, today: 0 };
  store.noteAsking("east.example", 1);
  asking = { total: 60, today: 50 };
  store.noteAsking("east.example", 1);
  expect(isNoted()).toBe(false);
  asking = { total: 499, today: 49 };
  store.noteAsking("east.example", 1);
  expect(isNoted()).toBe(true);
});
