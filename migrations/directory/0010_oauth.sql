-- Signing in by OAuth: browsers that members signed in on, requests under way, sessions of apps, consent, passkeys.
-- Times are milliseconds of the Unix epoch. Codes, refresh tokens and session secrets are kept as SHA-256 only (hex).

-- A browser. Its cookie holds the id and a secret that changes now and then.
CREATE TABLE oauth_device (
  id TEXT PRIMARY KEY NOT NULL,
  secret_digest TEXT NOT NULL,
  user_agent TEXT,
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Who is signed in on it. `signed_in_at`: when they last proved who they are. Whoever did not ask to be remembered is
-- signed in for an hour at most, and only while the browser keeps its session cookie.
CREATE TABLE oauth_device_account (
  device_id TEXT NOT NULL,
  did TEXT NOT NULL,
  remembered INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER NOT NULL,
  PRIMARY KEY (device_id, did)
) WITHOUT ROWID;

-- Authorization requests, from the push to the exchange of the code. They live for minutes.
CREATE TABLE oauth_request (
  id TEXT PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL,
  -- JSON
  client_auth TEXT,
  -- JSON
  parameters TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  device_id TEXT,
  did TEXT,
  code_digest TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_request_code ON oauth_request (code_digest) WHERE code_digest IS NOT NULL;

-- An app's session. `family` outlives rotation: it is the id of the session's first token.
CREATE TABLE oauth_session (
  family TEXT PRIMARY KEY NOT NULL,
  token_id TEXT NOT NULL,
  refresh_digest TEXT,
  did TEXT NOT NULL,
  client_id TEXT NOT NULL,
  -- JSON
  client_auth TEXT NOT NULL,
  -- JSON
  parameters TEXT NOT NULL,
  scope TEXT,
  device_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_session_token ON oauth_session (token_id);
CREATE UNIQUE INDEX oauth_session_refresh ON oauth_session (refresh_digest) WHERE refresh_digest IS NOT NULL;

-- Codes and refresh tokens that were used up, so that using one again gives the thief away and ends the session.
CREATE TABLE oauth_spent (
  digest TEXT PRIMARY KEY NOT NULL,
  family TEXT NOT NULL,
  spent_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What a member allowed an app. `scopes` separated by spaces.
CREATE TABLE oauth_consent (
  did TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (did, client_id)
) WITHOUT ROWID;

-- Permission sets (`include:`), as they were last resolved.
CREATE TABLE oauth_lexicon (
  nsid TEXT PRIMARY KEY NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_succeeded_at INTEGER,
  uri TEXT,
  -- JSON
  lexicon TEXT
) WITHOUT ROWID;

-- What may be used once: proofs and assertions sent to the authorization server, code challenges, passkey challenges.
CREATE TABLE oauth_replay (
  key TEXT PRIMARY KEY NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE passkey (
  -- base64url
  credential_id TEXT PRIMARY KEY NOT NULL,
  did TEXT NOT NULL,
  -- COSE, base64url
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  -- JSON
  transports TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) WITHOUT ROWID;
