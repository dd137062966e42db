/**
 * Places for requests, shared by many: all tenants' together, and those of each origin that tenants send to. Whoever is
 * refused gets in line. What becomes free goes to the one that has stood longest of those that could go, for one request, so
 * that no tenant's traffic keeps another's waiting for more than one round.
 *
 * There is a line for each kind of request, so that nobody waits behind one that may not go yet. A destination that failed
 * last time or was slow may be dead, and holds its place for as long as its deadline; nobody knows a new one. Both have a
 * part of the places only, each a part of its own. A request that needs a handshake costs six times as much as one without,
 * so these wait for the handshakes that come with time, and the others do not. Where both wait for the same, as for the core,
 * each kind has half of it: servers that close after every answer must not use up what the others' requests are made with.
 */
import type { Bucket } from './bucket.js';
import { WaitingLine, type Waiting } from './waiting-line.js';

/** `new`: nothing was ever delivered there. `slow`: it failed last time, or took long. */
export type Standing = 'quick' | 'new' | 'slow';

/** Somebody in line. */
export interface PlaceTaker {
  readonly standing: Standing;
  readonly needsHandshake: boolean;
  /** A place is free. */
  onPlace(): void;
}

/** What comes with time. */
export interface Rate {
  readonly bucket: Bucket;
  /** Of a request; 0: it needs none of it. */
  cost(needsHandshake: boolean): number;
}

export interface PlacesOptions {
  readonly max: number;
  /** Of these, for each of the two that may turn out to be dead. */
  readonly maxNew: number;
  readonly maxSlow: number;
  /** Of these, for those that need a handshake, and may have to wait for it while they hold their place. Default: all. */
  readonly maxHandshakes?: number;
  readonly rates: readonly Rate[];
  /** Of these, the one that requests with a handshake and those without have half of each, as long as both want it. */
  readonly halved?: Rate;
  monotonicMs(): number;
}

/** Of one kind. */
interface Line {
  readonly standing: Standing;
  readonly needsHandshake: boolean;
  readonly takers: WaitingLine<PlaceTaker>;
}

export class Places {
  readonly #options: PlacesOptions;
  /** Made when they are needed: most origins never have one. Six at most; who stands in them is bounded by the lanes. */
  #lines: readonly Line[] = [];
  readonly #taken: Record<Standing, number> = { quick: 0, new: 0, slow: 0 };
  #handshakes = 0;
  #lastNumber = 0;
  /** How much more of what is halved the requests with a handshake have had, while others stood in line. */
  #aheadByHandshakes = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken.quick + this.#taken.new + this.#taken.slow;
  }

  get isFull(): boolean {
    return this.taken >= this.#options.max;
  }

  /** How many stand in line. */
  get waiting(): number {
    return this.#lines.reduce((sum, { takers }) => sum + takers.size, 0);
  }

  get hasLine(): boolean {
    return this.#lines.some(({ takers }) => takers.size > 0);
  }

  /** Nobody could tell them from new ones. */
  get areAsNew(): boolean {
    const nowMs = this.#options.monotonicMs();
    return this.taken === 0 && this.#options.rates.every(({ bucket }) => bucket.isFull(nowMs));
  }

  /** Under which somebody begins to wait, here and elsewhere. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  /**
   * As what it has its place, to be given back so. `undefined`: it stands in line now, and is told. Nobody overtakes, unless
   * it has begun to wait earlier, in another line, under this number.
   */
  take(taker: PlaceTaker, number = this.nextNumber()): Standing | undefined {
    const nowMs = this.#options.monotonicMs();
    const { standing, needsHandshake } = taker;
    const own = this.#lineOf(taker);
    if (own !== undefined && !isFor(own, taker)) this.#move(taker, own);
    const first = this.#first(nowMs);
    const isEarlier = first?.item.needsHandshake === needsHandshake && number < first.number;
    const isFirst = first === undefined || first.item === taker || (own === undefined && isEarlier);
    if (!isFirst || !this.#mayGo(standing, needsHandshake, nowMs)) {
      if (own === undefined) this.#lineFor(taker).takers.add(taker, number);
      // It may be the one that was told, and has changed lines since: nobody else would tell the first.
      first?.item.onPlace();
      return undefined;
    }
    this.#lineOf(taker)?.takers.remove(taker);
    this.#taken[standing]++;
    if (needsHandshake) this.#handshakes++;
    for (const { bucket, cost } of this.#options.rates) bucket.spend(cost(needsHandshake));
    this.#countHalf(needsHandshake);
    this.#callNext();
    return standing;
  }

  /** A request is over. As what it had its place, and whether it needed a handshake when it took it. */
  give(standing: Standing, neededHandshake = false): void {
    this.#taken[standing]--;
    if (neededHandshake) this.#handshakes--;
    this.#callNext();
  }

  /** It wants no place any more; those behind it must not wait for it. */
  leave(taker: PlaceTaker): void {
    if (this.#lineOf(taker)?.takers.remove(taker) !== undefined) this.#callNext();
  }

  /** Time has passed, and with it comes what is spent. Called with every tick while somebody stands in line. */
  look(): void {
    this.#callNext();
  }

  #callNext(): void {
    if (this.hasLine) this.#first(this.#options.monotonicMs())?.item.onPlace();
  }

  /** Who has stood longest of those that could go now, and are of the kind whose turn it is. */
  #first(nowMs: number): Waiting<PlaceTaker> | undefined {
    const open = this.#firstOf(false, nowMs);
    const handshake = this.#firstOf(true, nowMs);
    if (open === undefined || handshake === undefined) return open ?? handshake;
    const ahead = this.#aheadByHandshakes;
    const isOpenNext = ahead === 0 ? open.number < handshake.number : ahead > 0;
    return isOpenNext ? open : handshake;
  }

  #firstOf(needsHandshake: boolean, nowMs: number): Waiting<PlaceTaker> | undefined {
    let first: Waiting<PlaceTaker> | undefined;
    for (const line of this.#lines) {
      if (line.needsHandshake !== needsHandshake) continue;
      const head = line.takers.first();
      if (head === undefined || (first !== undefined && head.number > first.number)) continue;
      if (this.#mayGo(line.standing, needsHandshake, nowMs)) first = head;
    }
    return first;
  }

  /** Whoever did not want any has nothing to catch up on. */
  #countHalf(needsHandshake: boolean): void {
    const { halved } = this.#options;
    if (halved === undefined) return;
    const isOtherWaiting = this.#lines.some(
      (line) => line.needsHandshake !== needsHandshake && line.takers.size > 0,
    );
    const cost = halved.cost(needsHandshake);
    const ahead = this.#aheadByHandshakes + (needsHandshake ? cost : -cost);
    // One of the dearer kind at most: who could not go for another reason must not have a minute's worth at once later.
    const most = halved.cost(true);
    this.#aheadByHandshakes = isOtherWaiting ? Math.max(-most, Math.min(most, ahead)) : 0;
  }

  #mayGo(standing: Standing, needsHandshake: boolean, nowMs: number): boolean {
    const { maxNew, maxSlow, maxHandshakes = Infinity, rates } = this.#options;
    if (this.isFull || (needsHandshake && this.#handshakes >= maxHandshakes)) return false;
    if (standing === 'new' && this.#taken.new >= maxNew) return false;
    if (standing === 'slow' && this.#taken.slow >= maxSlow) return false;
    return rates.every(({ bucket, cost }) => cost(needsHandshake) === 0 || bucket.hasAny(nowMs));
  }

  #lineOf(taker: PlaceTaker): Line | undefined {
    return this.#lines.find(({ takers }) => takers.has(taker));
  }

  #lineFor(taker: PlaceTaker): Line {
    const known = this.#lines.find((line) => isFor(line, taker));
    if (known !== undefined) return known;
    const { standing, needsHandshake } = taker;
    const line: Line = { standing, needsHandshake, takers: new WaitingLine() };
    this.#lines = [...this.#lines, line];
    return line;
  }

  /** It is something else by now, and keeps its number. */
  #move(taker: PlaceTaker, from: Line): void {
    const number = from.takers.remove(taker) ?? this.nextNumber();
    this.#lineFor(taker).takers.add(taker, number);
  }
}

function isFor(line: Line, { standing, needsHandshake }: PlaceTaker): boolean {
  return line.standing === standing && line.needsHandshake === needsHandshake;
}
