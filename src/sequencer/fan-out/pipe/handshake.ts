/** The opening handshake of a WebSocket (RFC 6455, section 4.2) over a byte stream, on the server's side. */

/** The magic text of section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEAD_END = "\r\n\r\n";
/** Most bytes of a request's head; a Worker's URL has 16 KB at most. */
const MOST_BYTES = 200_000;

const utf8 = new TextEncoder();

/** The request, and the bytes that came after its head; null if the stream ends before. */
export async function readHead(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ request: Request; rest: Uint8Array } | null> {
  // Each byte as one character, so that offsets in the text are offsets in the bytes.
  let text = "";
  while (!text.includes(HEAD_END)) {
    const { value, done } = await reader.read();
    if (done || text.length > MOST_BYTES) return null;
    text += Array.from(value, (byte) => String.fromCharCode(byte)).join("");
  }
  const end = text.indexOf(HEAD_END);
  const rest = Uint8Array.from(text.slice(end + HEAD_END.length), (character) => character.charCodeAt(0));
  return { request: requestOf(text.slice(0, end)), rest };
}

function requestOf(head: string): Request {
  const [line = "", ...fields] = head.split("\r\n");
  const [method = "GET", path = "/"] = line.split(" ");
  const headers = new Headers();
  for (const field of fields) {
    const colon = field.indexOf(":");
    headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
  }
  return new Request(new URL(path, "http://host"), { method, headers });
}

/** `Sec-WebSocket-Accept` for a client's key. */
export async function acceptKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", utf8.encode(key + GUID));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

export function writeHead(status: number, headers: Record<string, string>): Uint8Array {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return utf8.encode(`HTTP/1.1 ${status} -\r\n${fields.join("")}\r\n`);
}

/** A whole answer, after which the connection closes. */
export async function writeResponse(response: Response): Promise<Uint8Array> {
  const body = new Uint8Array(await response.arrayBuffer());
  const head = writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    "content-length": String(body.length),
    connection: "close",
  });
  const out = new Uint8Array(head.length + body.length);
  out.set(head);
  out.set(body, head.length);
  return out;
}
