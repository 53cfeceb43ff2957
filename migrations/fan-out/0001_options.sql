-- What readers of the JSON stream ask for, where it is too much for the attachment of a socket. A row lives as long as its socket.
CREATE TABLE options (
  id INTEGER PRIMARY KEY,
  json TEXT NOT NULL
);
