/** A batch: records of one signal for one destination, as OTLP bytes or, for a ready-made exporter, as objects. */
import { randomUUID } from 'node:crypto';
import type {
  DestinationResource,
  OutgoingBatch,
  OutgoingRecord,
  ReadingResult,
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

/** What all batches of a queue have in common. */
export interface BatchHome {
  readonly signal: Signal;
  readonly envelopes: Envelopes;
  readonly asObjects: boolean;
}

/** What a batch is made with. */
export interface BatchOptions {
  readonly resource: DestinationResource;
  readonly bornMs: number;
  readonly sequence: number;
  /** What it will probably hold: only then its first buffer need not grow. */
  readonly expectedBytes?: number;
  readonly onSettled?: OnSettled | undefined;
  readonly span?: number;
}

/** Told once what became of a batch; metric readings wait for that. */
type OnSettled = (result: ReadingResult) => void;

/** Framed records of one scope: growing, or as they came. */
interface ScopeBody {
  readonly scope: Scope;
  items: number;
  readonly body: RecordBuffer | Uint8Array;
}

const NO_SCOPES: readonly ScopeBody[] = [];

export class Batch implements OutgoingBatch {
  items = 0;
  byteLength = 0;
  /** Monotonic time of the first record; the age limit counts from it. */
  readonly bornMs: number;
  /** Order within the queue. Halves share the span up to the next batch's. */
  readonly sequence: number;
  readonly onSettled: OnSettled | undefined;
  readonly #home: BatchHome;
  readonly #resource: DestinationResource;
  readonly #span: number;
  #scopes = NO_SCOPES;
  #objects: ((resource: DestinationResource) => object)[] | undefined;
  readonly #expectedBytes: number;
  #id: string | undefined;

  constructor(home: BatchHome, options: BatchOptions) {
    const { resource, bornMs, sequence, expectedBytes = 0, onSettled, span = 1 } = options;
    this.#home = home;
    this.#resource = resource;
    this.bornMs = bornMs;
    this.sequence = sequence;
    this.#expectedBytes = expectedBytes;
    this.onSettled = onSettled;
    this.#span = span;
  }

  get signal(): Signal {
    return this.#home.signal;
  }

  /** Made with the first attempt: most batches of an idle minute never need more than one, none needs it earlier. */
  get id(): string {
    return (this.#id ??= randomUUID());
  }

  /** What a record will add. */
  static bytesOf(record: OutgoingRecord, asObjects: boolean): number {
    return asObjects ? OBJECT_BYTES : record.bytes().byteLength + MAX_FRAME_BYTES;
  }

  /** Copies the record's bytes, or keeps its object. */
  add(record: OutgoingRecord): void {
    this.items++;
    if (this.#home.asObjects) {
      this.byteLength += OBJECT_BYTES;
      (this.#objects ??= []).push((resource) => record.readable(resource));
      return;
    }
    const own = this.#open(record.scope);
    const buffer = own.body as RecordBuffer;
    const before = buffer.byteLength;
    own.items++;
    buffer.append(record.bytes());
    this.byteLength += buffer.byteLength - before;
  }

  /** Keeps the part's bytes as they are. */
  addReading({ scope, points, bytes, readable }: TakenReading): void {
    this.items += points;
    this.byteLength += bytes.byteLength;
    if (this.#home.asObjects) (this.#objects ??= []).push(readable);
    else this.#scopes = this.#scopes.concat({ scope, items: points, body: bytes });
  }

  /** Nearly always one or two scopes, so a search beats a map. */
  #open(scope: Scope): ScopeBody {
    for (const own of this.#scopes) if (own.scope === scope) return own;
    const expectedBytes = this.#scopes.length === 0 ? this.#expectedBytes : SMALL_BUFFER_BYTES;
    const own: ScopeBody = { scope, items: 0, body: this.#home.envelopes.recordBuffer(expectedBytes) };
    this.#scopes = this.#scopes.concat(own);
    return own;
  }

  request(): Uint8Array {
    const scopes = this.#scopes.map(({ scope, body }) => ({ scope: scope.bytes, body: bytesOf(body) }));
    return this.#home.envelopes.request(this.#resource.bytes, scopes);
  }

  readables(): { readonly resource: DestinationResource; readonly records: readonly object[] } {
    const resource = this.#resource;
    return { resource, records: (this.#objects ?? []).map((make) => make(resource)) };
  }

  /**
   * Two batches with about half each, in order, instead of this one, which is not used any more; `undefined` where there
   * is only one item, or objects.
   */
  halve(): readonly [Batch, Batch] | undefined {
    const halves = this.#home.asObjects ? undefined : this.#halves();
    if (halves === undefined) return undefined;
    const onSettled = this.onSettled && joinResults(this.onSettled);
    const span = this.#span / 2;
    const make = (scopes: readonly ScopeBody[], sequence: number): Batch => {
      const whole = { resource: this.#resource, bornMs: this.bornMs };
      const half = new Batch(this.#home, { ...whole, sequence, onSettled, span });
      half.#scopes = scopes;
      for (const { items, body } of scopes) {
        half.items += items;
        half.byteLength += body.byteLength;
      }
      return half;
    };
    return [make(halves[0], this.sequence), make(halves[1], this.sequence + span)];
  }

  #halves(): readonly [readonly ScopeBody[], readonly ScopeBody[]] | undefined {
    const [only] = this.#scopes;
    if (this.#scopes.length > 1) {
      const middle = Math.ceil(this.#scopes.length / 2);
      return [this.#scopes.slice(0, middle), this.#scopes.slice(middle)];
    }
    if (only === undefined) return undefined;
    const halves = this.#home.envelopes.halve(this.signal, bytesOf(only.body));
    if (halves === undefined) return undefined;
    const { scope } = only;
    return [
      [{ scope, items: halves.firstItems, body: halves.first }],
      [{ scope, items: halves.secondItems, body: halves.second }],
    ];
  }
}

function bytesOf(body: RecordBuffer | Uint8Array): Uint8Array {
  return body instanceof Uint8Array ? body : body.bytes();
}

/** A reading hears once of its two halves. */
function joinResults(onSettled: OnSettled): OnSettled {
  let first: ReadingResult | undefined;
  return (result) => {
    if (first === undefined) first = result;
    else onSettled(first === result ? result : 'partly');
  };
}
