/** Forwards a request for a WebSocket, and all that follows, to an address of this machine. */
import http from "node:http";
import type { Duplex } from "node:stream";

export function passSocketOn(url: URL, { headers }: http.IncomingMessage, socket: Duplex): void {
  const onward = http.request(url.href, { headers: { ...headers, host: url.host }, agent: false });
  const end = () => {
    onward.destroy();
    socket.destroy();
  };
  socket.on("error", end);
  onward.on("error", end);
  const write = ({ statusCode = 502, statusMessage = "", rawHeaders }: http.IncomingMessage) => {
    const lines = rawHeaders.flatMap((name, i) =>
      i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1] ?? ""}`] : [],
    );
    socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`);
  };
  onward.on("response", (answer) => {
    write(answer);
    answer.pipe(socket);
  });
  onward.on("upgrade", (answer, other, head) => {
    write(answer);
    if (head.length > 0) socket.write(head);
    other.on("error", end);
    other.on("close", end);
    socket.on("close", end);
    other.pipe(socket);
    socket.pipe(other);
  });
  onward.end();
}
