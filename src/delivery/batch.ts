/** A batch: records of one signal for one destination, as OTLP bytes or, for a ready-made exporter, as objects. */
import type {
  DestinationResource,
  OutgoingBatch,
  OutgoingRecord,
  Scope,
  TakenReading,
} from '../model/delivery.js';
import type { Envelopes, RecordBuffer } from '../model/encoding.js';
import type { Signal } from '../model/signal.js';

/** What a record counts for when only its object is kept: about what a span or log record occupies. */
const OBJECT_BYTES = 1024;
/** For every scope but a batch's first; it grows if it must. */
const SMALL_BUFFER_BYTES = 1024;
/** Tag and length of one framed record. */
const MAX_FRAME_BYTES = 5;

interface ScopeBuffer {
  readonly scope: Scope;
  readonly buffer: RecordBuffer;
}

export class Batch implements OutgoingBatch {
  readonly signal: Signal;
  items = 0;
  byteLength = 0;
  /** Monotonic time of the first record; the age limit counts from it. */
  readonly bornMs: number;
  /** Order within the lane. */
  readonly sequence: number;
  /** Told once what became of it; metric readings wait for that. */
  onSettled: ((result: 'accepted' | 'lost') => void) | undefined;
  readonly #envelopes: Envelopes;
  readonly #asObjects: boolean;
  readonly #scopes: ScopeBuffer[] = [];
  readonly #objects: ((resource: DestinationResource) => object)[] = [];
  readonly #expectedBytes: number;
  readonly #resource: DestinationResource;

  constructor(
    signal: Signal,
    envelopes: Envelopes,
    asObjects: boolean,
    resource: DestinationResource,
    bornMs: number,
    sequence: number,
    expectedBytes: number,
  ) {
    this.signal = signal;
    this.#envelopes = envelopes;
    this.#asObjects = asObjects;
    this.#resource = resource;
    this.bornMs = bornMs;
    this.sequence = sequence;
    this.#expectedBytes = expectedBytes;
  }

  /** What a record will add. */
  static bytesOf(record: OutgoingRecord, asObjects: boolean): number {
    return asObjects ? OBJECT_BYTES : record.bytes().byteLength + MAX_FRAME_BYTES;
  }

  /** Copies the record's bytes, or keeps its object. */
  add(record: OutgoingRecord): void {
    this.items++;
    if (this.#asObjects) {
      this.byteLength += OBJECT_BYTES;
      this.#objects.push((resource) => record.readable(resource));
    } else {
      this.#append(record.scope, record.bytes());
    }
  }

  addReading(taken: TakenReading): void {
    this.items += taken.points;
    if (this.#asObjects) {
      this.byteLength += taken.bytes.byteLength;
      this.#objects.push(() => taken.readable());
    } else {
      const framed = this.#buffer(taken.scope);
      const before = framed.byteLength;
      framed.appendFramed(taken.bytes);
      this.byteLength += framed.byteLength - before;
    }
  }

  #append(scope: Scope, contents: Uint8Array): void {
    const buffer = this.#buffer(scope);
    const before = buffer.byteLength;
    buffer.append(contents);
    this.byteLength += buffer.byteLength - before;
  }

  /** Nearly always one or two scopes, so a search beats a map. */
  #buffer(scope: Scope): RecordBuffer {
    for (const own of this.#scopes) if (own.scope === scope) return own.buffer;
    const buffer = this.#envelopes.recordBuffer(
      this.#scopes.length === 0 ? this.#expectedBytes : SMALL_BUFFER_BYTES,
    );
    this.#scopes.push({ scope, buffer });
    return buffer;
  }

  request(): Uint8Array {
    const scopes = this.#scopes.map(({ scope, buffer }) => ({ scope: scope.bytes, body: buffer.bytes() }));
    return this.#envelopes.request(this.#resource.bytes, scopes);
  }

  readables(): { readonly resource: DestinationResource; readonly records: readonly object[] } {
    return { resource: this.#resource, records: this.#objects.map((make) => make(this.#resource)) };
  }
}
