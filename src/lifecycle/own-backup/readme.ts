/** The text that a member finds beside their data. */
export const README = `Your account, as this host has it. Any atproto host can take it in.

repo.car          all that you posted, signed by your key (https://ipld.io/specs/transport/car/carv1/)
blobs/            your pictures and videos, each named by its CID; blobs.json lists their types
preferences/      your apps' settings, as app.bsky.actor.getPreferences gives them
private/          mutes, bookmarks, drafts and the like: one JSON object a line
account.json      who you are

If the archive came in parts, unpack all of them into one folder. A file missing-1.txt names pictures that this host has
lost.

There is no password and no secret key in here. To move while this host answers, use its move (or another tool). If it is
gone, your recovery key lets your identity name another host.

On the new host, in this order:

1. Make an account there with your DID (com.atproto.server.createAccount). That takes a token of your old host, or, with
   your recovery key, an identity that names a signing key of yours.
2. com.atproto.repo.importRepo          with repo.car
3. com.atproto.repo.listMissingBlobs    says which pictures are wanted; com.atproto.repo.uploadBlob for each, with the
                                        type from blobs.json
4. app.bsky.actor.putPreferences        with preferences/app.bsky.json
5. Let your identity name the new host, then com.atproto.server.activateAccount.

With goat (https://github.com/bluesky-social/goat): goat repo import repo.car, then goat blob upload blobs/<file>.
`;
