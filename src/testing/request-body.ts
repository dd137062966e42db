import { constants } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Why the receiver itself refuses a request. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * A body as far as it could be read. With a refusal `bytes` holds what came, undecoded, or nothing if too
 * much.
 */
export interface RequestBody {
  readonly bytes: Uint8Array;
  /** Bytes on the wire, before decompression. */
  readonly encodedBytes: number;
  readonly refusal?: Refusal;
}

const gunzipAsync = promisify(gunzip);

/**
 * Reads a whole body and decompresses it. A body that is too large is read to its end and thrown away,
 * because a client that is still writing might otherwise see a reset instead of the 413.
 *
 * @throws Error when the client goes away first; `encodedBytes` is lost then.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  const chunks: Uint8Array[] = [];
  let encodedBytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    encodedBytes += chunk.length;
    if (encodedBytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (encodedBytes > maxBytes) return { bytes: new Uint8Array(), encodedBytes, refusal: tooLarge(maxBytes) };
  const raw = plain(Buffer.concat(chunks));
  const refusal = contentTypeRefusal(request.headers['content-type']);
  if (refusal !== undefined) return { bytes: raw, encodedBytes, refusal };
  return { encodedBytes, ...(await decompress(raw, request.headers['content-encoding'], maxBytes)) };
}

async function decompress(
  raw: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly refusal?: Refusal }> {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return { bytes: raw };
  if (encoding !== 'gzip') {
    const text = `Content-Encoding '${encoding}' is not supported: send gzip, identity or none.`;
    return { bytes: raw, refusal: { status: 415, text } };
  }
  try {
    const maxOutputLength = Math.min(maxBytes, constants.MAX_LENGTH);
    return { bytes: plain(await gunzipAsync(raw, { maxOutputLength })) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { bytes: new Uint8Array(), refusal: tooLarge(maxBytes) };
    return { bytes: raw, refusal: { status: 400, text: 'The body is not valid gzip.' } };
  }
}

function contentTypeRefusal(contentType: string | undefined): Refusal | undefined {
  const mediaType = (contentType ?? '').split(';', 1).join('').trim().toLowerCase();
  if (mediaType === 'application/x-protobuf') return undefined;
  const got = mediaType === '' ? 'none' : `'${mediaType}'`;
  return { status: 415, text: `Content-Type must be application/x-protobuf, got ${got}.` };
}

function tooLarge(maxBytes: number): Refusal {
  return { status: 413, text: `The body is larger than ${String(maxBytes)} bytes.` };
}

/** The same memory as a plain Uint8Array, which compares equal to other Uint8Arrays in assertions. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
