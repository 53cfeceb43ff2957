/** Which service a call without `atproto-proxy` is for, by where the host's AppView is. */
import { describe, expect, test } from "vitest";
import { defaultService, isServedHere } from "../../src/xrpc/server/default-service.ts";
import { PROTECTED_METHODS, isHostMethod, isPrivilegedMethod } from "../../src/xrpc/server/service-tokens.ts";
import { isPassedOn, isSpaceMethod } from "../../src/xrpc/server/declined.ts";

const ELSEWHERE = "did:web:api.example.com#bsky_appview";
const OZONE = "did:plc:ozoneozoneozoneozoneozon";

describe("the default service", () => {
  test.each<[nsid: string, served: boolean, local: string | null, elsewhere: string | null]>([
    ["app.bsky.feed.getTimeline", true, null, ELSEWHERE],
    ["app.bsky.actor.getProfile", true, null, ELSEWHERE],
    ["app.bsky.feed.notYetHere", false, null, ELSEWHERE],
    ["chat.bsky.convo.listConvos", false, null, ELSEWHERE],
    ["com.example.unknown", false, null, ELSEWHERE],
    ["com.atproto.moderation.createReport", true, null, null],
    ["com.atproto.label.queryLabels", true, null, null],
    ["com.atproto.repo.createRecord", true, null, null],
    ["com.atproto.temp.notYetHere", false, null, ELSEWHERE],
    ["app.bskyish.feed.getTimeline", true, null, null],
  ])("of %s (served: %s) is %s here, and %s with another AppView", (nsid, served, local, elsewhere) => {
    expect(defaultService(nsid, served, { APPVIEW: "local", MOD_SERVICE: "" })).toBe(local);
    expect(defaultService(nsid, served, { APPVIEW: ELSEWHERE, MOD_SERVICE: "" })).toBe(elsewhere);
    // A moderation service changes nothing for methods that are not its own.
    expect(defaultService(nsid, served, { APPVIEW: "local", MOD_SERVICE: OZONE })).toBe(local);
  });

  test("of moderators' tools is the trusted Ozone's labeler, or none", () => {
    for (const APPVIEW of ["local", ELSEWHERE]) {
      const nsid = "tools.ozone.moderation.queryEvents";
      expect(defaultService(nsid, false, { APPVIEW, MOD_SERVICE: OZONE })).toBe(`${OZONE}#atproto_labeler`);
      expect(defaultService(nsid, false, { APPVIEW, MOD_SERVICE: "" })).toBeNull();
    }
  });
});

describe("whatever a request's header says,", () => {
  test.each([
    ["com.atproto.repo.createRecord", true],
    ["com.atproto.server.getSession", true],
    ["com.atproto.identity.updateHandle", true],
    ["com.atproto.sync.getRepo", true],
    ["com.atproto.admin.deleteAccount", true],
    ["com.atproto.temp.checkSignupQueue", true],
    ["internal.atoll.admin.listReports", true],
    ["app.bsky.actor.getPreferences", true],
    ["app.bsky.actor.putPreferences", true],
    ["app.bsky.notification.registerPush", true],
    ["app.bsky.notification.unregisterPush", true],
    ["app.bsky.actor.getPreferencesOfOthers", false],
    ["app.bsky.notification.registerPushes", false],
    ["app.bsky.notification.listNotifications", false],
    ["com.atproto.moderation.createReport", false],
    ["com.atproto.label.queryLabels", false],
    ["com.atprotox.repo.createRecord", false],
    ["xcom.atproto.repo.createRecord", false],
    ["chat.bsky.convo.sendMessage", false],
  ])("%s is served here: %s", (nsid, here) => {
    expect(isServedHere(nsid)).toBe(here);
  });
});

describe("of methods,", () => {
  test("those that run the host are told by their group, not by a word in their name", () => {
    expect(isHostMethod("com.atproto.admin.sendEmail")).toBe(true);
    expect(isHostMethod("internal.atoll.admin.grantRole")).toBe(true);
    expect(isHostMethod("com.atproto.administrator.x")).toBe(false);
    expect(isHostMethod("com.example.com.atproto.admin.x")).toBe(false);
  });

  test("those that app passwords may not call elsewhere are chat, and making accounts", () => {
    expect(isPrivilegedMethod("chat.bsky.convo.sendMessage")).toBe(true);
    expect(isPrivilegedMethod("com.atproto.server.createAccount")).toBe(true);
    expect(isPrivilegedMethod("chat.bskyish.convo.sendMessage")).toBe(false);
    expect(isPrivilegedMethod("app.bsky.feed.getTimeline")).toBe(false);
  });

  test("those that change an account are never called at another service by its token", () => {
    for (const nsid of ["deactivateAccount", "updateEmail", "createAppPassword", "requestAccountDelete"]) {
      expect(PROTECTED_METHODS.has(`com.atproto.server.${nsid}`)).toBe(true);
    }
    expect(PROTECTED_METHODS.has("com.atproto.identity.signPlcOperation")).toBe(true);
    // The newcomer's old host signs a token for it, which is how accounts move.
    expect(PROTECTED_METHODS.has("com.atproto.server.createAccount")).toBe(false);
  });

  test("those of permissioned data and of other services are told by their group", () => {
    expect(["com.atproto.space.getRecord", "com.atproto.simplespace.create"].every(isSpaceMethod)).toBe(true);
    expect(["com.atproto.spaces.get", "com.example.space.get"].some(isSpaceMethod)).toBe(false);
    expect(["chat.bsky.convo.getLog", "app.bsky.video.uploadVideo"].every(isPassedOn)).toBe(true);
    expect(["app.bsky.videos.x", "app.bsky.feed.getFeed"].some(isPassedOn)).toBe(false);
  });
});
