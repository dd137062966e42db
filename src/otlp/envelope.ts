import { Buffer } from 'node:buffer';
import { writeAttributes } from './attributes.js';
import { ProtoWriter } from './proto-writer.js';
import type { AttributeRecord } from '../model/records.js';
import { putVarint, varintSizeBytes } from './varint.js';

export interface InstrumentationScopeData {
  readonly name: string;
  readonly version?: string | undefined;
  readonly attributes?: AttributeRecord | undefined;
}

export interface ScopeBody {
  /** From `encodeScope`. */
  readonly scope: Uint8Array;
  /** Records, each framed as tag 0x12, length, contents: from `RecordBatchBuffer`. */
  readonly body: Uint8Array;
  readonly schemaUrl?: string | undefined;
}

/** Field 1, 2 and 3, length-delimited: all that the three request messages are made of. */
const FIELD_1 = 0x0a;
const FIELD_2 = 0x12;
const FIELD_3 = 0x1a;

/** The contents of one OTLP `Resource`. */
export function encodeResource(attributes: AttributeRecord): Uint8Array {
  const w = new ProtoWriter(1024);
  writeAttributes(w, 1, attributes);
  return w.bytes().slice();
}

/** The contents of one OTLP `InstrumentationScope`. */
export function encodeScope(scope: InstrumentationScopeData): Uint8Array {
  const w = new ProtoWriter(256);
  w.tag(1, 2);
  w.string(scope.name);
  if (scope.version !== undefined && scope.version !== '') {
    w.tag(2, 2);
    w.string(scope.version);
  }
  if (scope.attributes !== undefined) writeAttributes(w, 3, scope.attributes);
  return w.bytes().slice();
}

/**
 * Builds an export request. The trace, log and metric requests have the same shape:
 * `{1: {1: resource, 2: {1: scope, 2: records, 3: schema url}}}`. Every length is computed first, so that
 * the bodies are copied once, into an array of exactly the final size, which the caller owns.
 */
export function buildRequest(resource: Uint8Array, scopes: readonly ScopeBody[]): Uint8Array {
  const scopeSizes: number[] = [];
  let resourceItemBytes = framedBytes(resource.length);
  for (const { scope, body, schemaUrl } of scopes) {
    const schemaUrlBytes = schemaUrl === undefined ? 0 : Buffer.byteLength(schemaUrl);
    const size =
      framedBytes(scope.length) + body.length + (schemaUrlBytes === 0 ? 0 : framedBytes(schemaUrlBytes));
    scopeSizes.push(size);
    resourceItemBytes += framedBytes(size);
  }
  // Buffer.alloc would fill with zeros what is overwritten anyway; the slow variant is not pooled.
  const request = Buffer.allocUnsafeSlow(framedBytes(resourceItemBytes));
  let position = putFrame(request, 0, FIELD_1, resourceItemBytes);
  position = putBytes(request, putFrame(request, position, FIELD_1, resource.length), resource);
  for (const [index, { scope, body, schemaUrl }] of scopes.entries()) {
    position = putFrame(request, position, FIELD_2, scopeSizes[index] ?? 0);
    position = putBytes(request, putFrame(request, position, FIELD_1, scope.length), scope);
    position = putBytes(request, position, body);
    if (schemaUrl !== undefined && schemaUrl !== '') {
      position = putFrame(request, position, FIELD_3, Buffer.byteLength(schemaUrl));
      position += request.write(schemaUrl, position, 'utf8');
    }
  }
  return request;
}

/** Finished records of one signal, framed one after the other as a scope's field 2. */
export class RecordBatchBuffer {
  #buffer: Uint8Array;
  #byteLength = 0;

  /** `expectedBytes`: what it will probably hold, so that it need not grow; at least 256. */
  constructor(expectedBytes = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(256, expectedBytes));
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Copies `contents`, which is not referenced afterwards. The buffer doubles when it is full. */
  append(contents: Uint8Array): void {
    this.#reserve(framedBytes(contents.length));
    const position = putFrame(this.#buffer, this.#byteLength, FIELD_2, contents.length);
    this.#byteLength = putBytes(this.#buffer, position, contents);
  }

  /** Copies what another buffer of this kind has framed. */
  appendFramed(framed: Uint8Array): void {
    this.#reserve(framed.length);
    this.#byteLength = putBytes(this.#buffer, this.#byteLength, framed);
  }

  #reserve(bytes: number): void {
    const needed = this.#byteLength + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    grown.set(this.bytes());
    this.#buffer = grown;
  }

  /** A view, valid until the next append. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#byteLength);
  }
}

/** The size of a length-delimited field with a tag of one byte. */
function framedBytes(contentBytes: number): number {
  return 1 + varintSizeBytes(contentBytes) + contentBytes;
}

function putFrame(target: Uint8Array, position: number, tag: number, contentBytes: number): number {
  target[position] = tag;
  return putVarint(target, position + 1, contentBytes);
}

function putBytes(target: Uint8Array, position: number, bytes: Uint8Array): number {
  target.set(bytes, position);
  return position + bytes.length;
}
