/**
 * Who waits, each under a number: the lowest is first. A heap, because those who have waited elsewhere come with older numbers
 * than many who stand here. As many as get in line, and at most as many again that have left.
 */

export interface Waiting<T> {
  readonly item: T;
  readonly number: number;
}

/** Left over from those who have gone, before it is worth tidying up. */
const FEW = 16;

export class WaitingLine<T> {
  readonly #numbers = new Map<T, number>();
  /** Each entry's number is lower than those of its two children, at twice its index plus one and two. */
  #heap: Waiting<T>[] = [];

  get size(): number {
    return this.#numbers.size;
  }

  has(item: T): boolean {
    return this.#numbers.has(item);
  }

  /** Who is not in it already. */
  add(item: T, number: number): void {
    this.#numbers.set(item, number);
    this.#push({ item, number });
  }

  /** Its number; `undefined`: it was not here. */
  remove(item: T): number | undefined {
    const number = this.#numbers.get(item);
    if (number === undefined) return undefined;
    this.#numbers.delete(item);
    if (this.#heap.length > 2 * this.#numbers.size + FEW) this.#tidy();
    return number;
  }

  first(): Waiting<T> | undefined {
    let [first] = this.#heap;
    for (; first !== undefined && !this.#isHere(first); [first] = this.#heap) this.#pop();
    return first;
  }

  #isHere({ item, number }: Waiting<T>): boolean {
    return this.#numbers.get(item) === number;
  }

  /** In order, which is a heap too. */
  #tidy(): void {
    this.#heap = this.#heap.filter((entry) => this.#isHere(entry)).sort((a, b) => a.number - b.number);
  }

  #push(entry: Waiting<T>): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Waiting<T>;
      if (above.number <= entry.number) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && right.number < left.number) child++;
      const below = heap[child] as Waiting<T>;
      if (last.number <= below.number) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}
