/** Sends OTLP over HTTP: one POST per batch, one absolute deadline over all of it, redirects never followed. */
import type { OutgoingHttpHeaders } from 'node:http';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { OutgoingBatch, Sender, SendResult } from '../model/delivery.js';
import { LOOP_HEADER } from '../model/loop-token.js';
import type { HeaderMap, Target } from '../model/resolved-destination.js';
import { HEADERS_DEADLINE_MS, REFRESH_DEADLINE_MS } from './bounds.js';
import type { Compressor, EncodedBody } from './gzip.js';
import type { Lease, Pools } from './pool.js';
import { post, type Post, type PostOptions } from './post.js';
import { readExchange, type AnswerReading } from './read-exchange.js';

type OtlpTarget = Extract<Target, { kind: 'otlp' }>;

export interface OtlpSenderOptions extends AnswerReading {
  readonly userAgent: string;
  /** Shared by an instance's senders, as are the pools. */
  readonly compressor: Compressor;
  readonly pools: Pools;
  /** A change of certificate files that could not be taken; a sentence without their content. */
  readonly onTlsFault: (message: string) => void;
}

/** Compression never makes a body larger, so its size before is all that has to be asked. */
const TOO_LARGE: SendResult = { kind: 'refused', errorClass: 'request_too_large', reason: 'too_large' };
/** The place may be a good one; there was no turn. */
const CROWDED: SendResult = { kind: 'retry', errorClass: 'crowded', isOurs: true };
const TIMEOUT: SendResult = { kind: 'retry', errorClass: 'timeout' };

/** Opens a sender for one URL. `loopToken` is asked for each attempt. */
export function openOtlpSender(
  target: OtlpTarget,
  options: OtlpSenderOptions,
  loopToken?: () => string,
): Sender {
  return new OtlpHttpSender(target, options, loopToken);
}

class OtlpHttpSender implements Sender {
  readonly #options: OtlpSenderOptions;
  readonly #loopToken: (() => string) | undefined;
  #target: OtlpTarget;
  /** Taken with the first attempt: a destination without telemetry costs no pool. */
  #lease: Lease | undefined;
  /** The material that the lease is for. */
  #leasedId: string | undefined;

  constructor(target: OtlpTarget, options: OtlpSenderOptions, loopToken: (() => string) | undefined) {
    this.#target = target;
    this.#options = options;
    this.#loopToken = loopToken;
  }

  update(target: Target): void {
    if (target.kind === 'otlp') this.#target = target;
  }

  get needsHandshake(): boolean {
    return this.#target.url.startsWith('https:') && this.#lease?.hasIdleSocket !== true;
  }

  close(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendResult> {
    const deadline = new AbortController();
    const abort = (): void => deadline.abort();
    const timer = setTimeout(abort, this.#target.sending.timeoutMs).unref();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await this.#attempt(batch, deadline.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Nothing is awaited that is known at once: work put off to a microtask would escape the scheduler's slices. */
  async #attempt(batch: OutgoingBatch, deadline: AbortSignal): Promise<SendResult> {
    const { audience, headers: source, tls, sending } = this.#target;
    // Made anew for each attempt: an active tenant would have two of them, half a kilobyte.
    const url = new URL(this.#target.url);
    if (audience === 'tenant') {
      const judged = this.#options.pools.guard?.refusalOf(url);
      const errorClass = judged instanceof Promise ? await judged : judged;
      if (errorClass !== undefined) return { kind: 'retry', errorClass };
    }
    const asked = source.ask === undefined ? source.fixed : this.#ask(source.ask, source.fixed, deadline);
    const headers = asked instanceof Promise ? await asked : asked;
    if (headers === undefined) return { kind: 'retry', errorClass: 'headers' };
    if (tls?.refresh !== undefined) await this.#refresh(tls.refresh, deadline);
    if (deadline.aborted) return TIMEOUT;
    const lease = this.#leased(url);
    if (lease === undefined) return { kind: 'retry', errorClass: 'tls' };
    const taken = lease.slot(deadline);
    const release = taken instanceof Promise ? await taken : taken;
    if (release === undefined) return CROWDED;
    let closed = Promise.resolve();
    try {
      const bytes = batch.request();
      if (bytes.byteLength > sending.maxRequestBytes) return TOO_LARGE;
      const made = this.#body(bytes, deadline);
      const body = made instanceof Promise ? await made : made;
      if (deadline.aborted) return TIMEOUT;
      const options: PostOptions = {
        url,
        agent: lease.agent,
        headers: this.#headers(batch, body, headers),
        body: body.bytes,
        connectTimeoutMs: sending.connectTimeoutMs,
        signal: deadline,
      };
      let posted = this.#post(options);
      closed = posted.closed;
      let exchange = await posted.exchange;
      if (exchange.kind === 'failed' && exchange.isStale && !deadline.aborted) {
        // What else waits there has waited as long or longer.
        lease.closeIdle();
        posted = this.#post(options);
        closed = posted.closed;
        exchange = await posted.exchange;
      }
      return readExchange(exchange, deadline, this.#options);
    } finally {
      // Not before: whoever waits for the slot would open another socket instead of using this one again.
      void closed.then(release);
    }
  }

  /** An export that is traced would make more exports. */
  #post(options: PostOptions): Post {
    return context.with(suppressTracing(ROOT_CONTEXT), () => post(options));
  }

  #headers(batch: OutgoingBatch, { bytes, encoding }: EncodedBody, own: HeaderMap): OutgoingHttpHeaders {
    return {
      'user-agent': this.#options.userAgent,
      // As in the IETF's draft: a receiver that knows it can tell a repeat, all others pass over it.
      'idempotency-key': batch.id,
      ...own,
      ...(this.#loopToken !== undefined && { [LOOP_HEADER]: this.#loopToken() }),
      'content-type': 'application/x-protobuf',
      'content-length': bytes.byteLength,
      ...(encoding !== undefined && { 'content-encoding': encoding }),
      // Compressed answers are never unpacked.
      'accept-encoding': 'identity',
    };
  }

  /** `undefined` when the host's header function failed, lied, or took too long. */
  async #ask(
    ask: () => Promise<HeaderMap>,
    fixed: HeaderMap,
    signal: AbortSignal,
  ): Promise<HeaderMap | undefined> {
    try {
      const asked = await within(HEADERS_DEADLINE_MS, signal, ask());
      return asked && { ...fixed, ...asked };
    } catch {
      return undefined;
    }
  }

  async #refresh(refresh: () => Promise<string | undefined>, signal: AbortSignal): Promise<void> {
    const refreshed = refresh().then((message) => {
      if (message !== undefined) this.#options.onTlsFault(message);
    });
    await within(REFRESH_DEADLINE_MS, signal, refreshed);
  }

  /** `undefined` when OpenSSL does not take the material after all. */
  #leased(url: URL): Lease | undefined {
    const { audience, isTrustedOrigin, tls } = this.#target;
    const material = tls?.current();
    if (this.#lease !== undefined && this.#leasedId === material?.id) return this.#lease;
    this.close();
    // What a tenant trusts, and its own certificate, serve this tenant alone.
    const owner = audience === 'tenant' && tls !== undefined ? this : undefined;
    try {
      const key = { url, audience, isTrustedOrigin, tls: material, owner };
      this.#lease = this.#options.pools.lease(key);
      this.#leasedId = material?.id;
    } catch {
      return undefined;
    }
    return this.#lease;
  }

  /** Made anew for each attempt: a batch that waits for its next one must not hold its bytes twice. */
  #body(bytes: Uint8Array, signal: AbortSignal): EncodedBody | Promise<EncodedBody> {
    if (this.#target.sending.compression === 'none') return { bytes, encoding: undefined };
    return this.#options.compressor.compress(bytes, signal);
  }
}

/** `undefined`: it took longer, or the attempt is over. */
async function within<T>(ms: number, signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp = (): void => undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
    timer = setTimeout(giveUp, ms).unref();
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
