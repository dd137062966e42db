/**
 * How an exchange ended that has taken over its socket: an upgrade (WebSocket), or a tunnel of CONNECT. It lasts until the
 * socket closes; its status is what the handler wrote first.
 */
import type { Duplex } from 'node:stream';
import { classifySocket } from './broken-by.js';
import type { WatchedExchange } from './ending.js';
import type { WatchedResponse } from './observed-ending.js';
import { SentHead } from './sent-head.js';

/** Finishes the exchange once, when the socket has closed. The listener for it is the only one that the socket gets. */
export function observeSocket(isConnect: boolean, socket: Duplex, exchange: WatchedExchange): SentHead {
  const head = new SentHead(socket, () => exchange.headSent());
  exchange.watched = new SocketEnding(isConnect, socket, head, exchange);
  return head;
}

class SocketEnding implements WatchedResponse {
  readonly #isConnect: boolean;
  readonly #socket: Duplex;
  readonly #exchange: WatchedExchange;
  readonly #head: SentHead;

  constructor(isConnect: boolean, socket: Duplex, head: SentHead, exchange: WatchedExchange) {
    this.#isConnect = isConnect;
    this.#socket = socket;
    this.#exchange = exchange;
    this.#head = head;
    socket.once('close', this.#onClose);
    // Over before anybody watched: the event does not come any more.
    if (socket.closed) setImmediate(this.#onClose);
  }

  statusSent(): number | undefined {
    return this.#head.status;
  }

  readonly #onClose = (): void => {
    this.#head.stop();
    const statusCode = this.#head.status;
    const complete = statusCode !== undefined && this.#isWhole(statusCode);
    this.#exchange.finish({
      statusCode,
      complete,
      brokenBy: complete ? undefined : classifySocket(this.#socket),
    });
  };

  #isWhole(statusCode: number): boolean {
    const { errored, readableEnded, writableFinished, writableLength } = this.#socket;
    const isOpenedUp = this.#isConnect ? statusCode < 300 : statusCode === 101;
    // Either side may end a conversation; a refusal is whole when it has been written, however the socket closes then.
    return isOpenedUp
      ? !errored && (readableEnded || writableFinished)
      : writableFinished || (!errored && writableLength === 0);
  }
}
