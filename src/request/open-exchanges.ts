/**
 * The recorded exchanges that have begun and not ended, so that `shutdown` can tell of them. A doubly linked list whose
 * links are the exchanges' own fields: a request adds and removes itself without allocating anything.
 */
export interface OpenExchange {
  readonly method: string;
  readonly scheme: string;
  previousOpen: OpenExchange | undefined;
  nextOpen: OpenExchange | undefined;
  /** Ends it, and so removes it from the list. */
  endForShutdown(): void;
}

export class OpenExchanges {
  size = 0;
  #newest: OpenExchange | undefined;

  add(exchange: OpenExchange): void {
    const newest = this.#newest;
    exchange.nextOpen = newest;
    if (newest !== undefined) newest.previousOpen = exchange;
    this.#newest = exchange;
    this.size++;
  }

  /** Only for one that is in the list. */
  remove(exchange: OpenExchange): void {
    const { previousOpen, nextOpen } = exchange;
    if (previousOpen === undefined) this.#newest = nextOpen;
    else previousOpen.nextOpen = nextOpen;
    if (nextOpen !== undefined) nextOpen.previousOpen = previousOpen;
    // Whoever keeps a request for longer must not keep its neighbours too.
    exchange.previousOpen = undefined;
    exchange.nextOpen = undefined;
    this.size--;
  }

  *[Symbol.iterator](): Iterator<OpenExchange> {
    for (let open = this.#newest; open !== undefined; open = open.nextOpen) yield open;
  }

  endAll(): void {
    // A callback of the host's may end others, so each step begins at the newest.
    for (let open = this.#newest; open !== undefined; open = this.#newest) open.endForShutdown();
  }
}
