/** An HTTP client whose connection is a socket. It throws unless workerd has its flag `experimental`. */
declare module "cloudflare:sockets" {
  export function internalNewHttpClient(socket: Socket): Promise<Fetcher>;
}
