/**
 * The store of files: pictures and videos under `did/upload-id`, and the host's own under `host/…`. It has the
 * shape of an R2 bucket, as far as it is used. Where there is no bucket, the files of an account are in its
 * own object, and the host's in DIRECTORY.
 */

export interface StoredFile {
  key: string;
  size: number;
  uploaded: Date;
}

export interface FileBody extends StoredFile {
  body: ReadableStream<Uint8Array>;
  text(): Promise<string>;
  json<T>(): Promise<T>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface ByteRange {
  offset: number;
  length: number;
}

export interface FileList {
  objects: StoredFile[];
  truncated: boolean;
  cursor?: string;
}

/** An upload in parts, of a body of unknown length. */
export interface FileUpload {
  uploadPart(part: number, bytes: Uint8Array<ArrayBuffer>): Promise<R2UploadedPart>;
  complete(parts: R2UploadedPart[]): Promise<unknown>;
  abort(): Promise<void>;
}

export interface FileStore {
  get(key: string, options?: { range?: ByteRange }): Promise<FileBody | null>;
  head(key: string): Promise<StoredFile | null>;
  put(
    key: string,
    value: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    options?: { onlyIf?: { etagDoesNotMatch: "*" }; sha256?: Uint8Array },
  ): Promise<unknown>;
  delete(keys: string | string[]): Promise<void>;
  list(options: { prefix: string; cursor?: string; limit?: number }): Promise<FileList>;
  createMultipartUpload(key: string): Promise<FileUpload>;
}

/** A file that an account's object holds, as it goes from there. */
export interface HeldFile {
  size: number;
  /** In ms. */
  at: number;
  body: ReadableStream<Uint8Array>;
}

/** The files that an account's object moved to the bucket in one call. */
export interface MovedFiles {
  files: number;
  bytes: number;
  /** The place after which the next call goes on; null: these were the last. */
  next: number | null;
  /** Files that stay for now: somebody reads them. */
  left: number;
  /** The failure of one of them, which stays as well. */
  error: string | null;
}

/** A stored file with its bytes. */
export function fileBody(file: StoredFile, body: ReadableStream<Uint8Array>): FileBody {
  const whole = () => new Response(body);
  return {
    ...file,
    body,
    text: () => whole().text(),
    json: <T>() => whole().json<T>(),
    arrayBuffer: () => whole().arrayBuffer(),
  };
}
