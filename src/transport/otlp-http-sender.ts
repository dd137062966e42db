/** Sends OTLP over HTTP: one POST per batch, one absolute deadline over all of it, redirects never followed. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { OutgoingBatch, Sender, SendResult } from '../model/delivery.js';
import type { ResponseDecoder } from '../model/encoding.js';
import type { HeaderMap, Target } from '../model/resolved-destination.js';
import { classifyError, classifyStatus } from './classify.js';
import type { Compressor, EncodedBody } from './gzip.js';
import { limitConnecting, limitInformational } from './request-limits.js';
import { retryAfterMs } from './retry-after.js';

/** A host's header function, out of that time. */
const HEADERS_DEADLINE_MS = 5_000;
/** What is read of an answer; the rest of a longer one is thrown away with its socket. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_ANSWER_HEADER_BYTES = 16 * 1024;
/** Per destination and signal. */
const MAX_SOCKETS = 4;
/** Longer than most flush intervals, shorter than the usual idle limits of load balancers. */
const IDLE_SOCKET_MS = 30_000;

/** Compression never makes a body larger, so its size before is all that has to be asked. */
const TOO_LARGE: SendResult = { kind: 'refused', errorClass: 'request_too_large', reason: 'too_large' };

type OtlpTarget = Extract<Target, { kind: 'otlp' }>;

export interface OtlpSenderOptions {
  readonly userAgent: string;
  readonly decodeResponse: ResponseDecoder;
  /** Shared by an instance's senders. */
  readonly compressor: Compressor;
}

/** Opens a sender for one URL. Its sockets are its own and die with it. */
export function openOtlpSender(target: OtlpTarget, options: OtlpSenderOptions): Sender {
  return new OtlpHttpSender(target, options);
}

class OtlpHttpSender implements Sender {
  readonly #options: OtlpSenderOptions;
  readonly #compressor: Compressor;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  #target: OtlpTarget;

  constructor(target: OtlpTarget, options: OtlpSenderOptions) {
    this.#target = target;
    this.#options = options;
    this.#compressor = options.compressor;
    this.#url = new URL(target.url);
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_SOCKET_MS };
    // Said expressly, it beats NODE_TLS_REJECT_UNAUTHORIZED, which must not switch it off for a tenant.
    this.#agent =
      this.#url.protocol === 'https:'
        ? new HttpsAgent({ ...agentOptions, rejectUnauthorized: true })
        : new HttpAgent(agentOptions);
  }

  update(target: Target): void {
    if (target.kind === 'otlp') this.#target = target;
  }

  close(): void {
    this.#agent.destroy();
  }

  async send(batch: OutgoingBatch, signal: AbortSignal): Promise<SendResult> {
    const deadline = new AbortController();
    const abort = (): void => deadline.abort();
    const timer = setTimeout(abort, this.#target.sending.timeoutMs).unref();
    signal.addEventListener('abort', abort, { once: true });
    try {
      // Nothing is awaited that is known at once: work put off to a microtask would escape the scheduler's slices.
      const { fixed, ask } = this.#target.headers;
      const headers = ask === undefined ? fixed : await this.#ask(ask, fixed, deadline.signal);
      if (headers === undefined) return { kind: 'retry', errorClass: 'headers' };
      const bytes = batch.request();
      if (bytes.byteLength > this.#target.sending.maxRequestBytes) return TOO_LARGE;
      const made = this.#body(bytes, deadline.signal);
      const body = made instanceof Promise ? await made : made;
      if (deadline.signal.aborted) return { kind: 'retry', errorClass: 'timeout' };
      // An export that is traced would make more exports.
      return await context.with(suppressTracing(ROOT_CONTEXT), () =>
        this.#post(body, headers, deadline.signal),
      );
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** `undefined` when the host's header function failed, lied, or took too long. */
  async #ask(
    ask: () => Promise<HeaderMap>,
    fixed: HeaderMap,
    signal: AbortSignal,
  ): Promise<HeaderMap | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), HEADERS_DEADLINE_MS).unref();
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    try {
      const asked = await Promise.race([ask(), tooLate]);
      return asked && { ...fixed, ...asked };
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Made anew for each attempt: a batch that waits for its next one must not hold its bytes twice. */
  #body(bytes: Uint8Array, signal: AbortSignal): EncodedBody | Promise<EncodedBody> {
    if (this.#target.sending.compression === 'none') return { bytes, encoding: undefined };
    return this.#compressor.compress(bytes, signal);
  }

  #post({ bytes, encoding }: EncodedBody, headers: HeaderMap, signal: AbortSignal): Promise<SendResult> {
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      signal,
      maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
      headers: {
        'user-agent': this.#options.userAgent,
        ...headers,
        'content-type': 'application/x-protobuf',
        'content-length': bytes.byteLength,
        ...(encoding !== undefined && { 'content-encoding': encoding }),
        // Compressed answers are never unpacked.
        'accept-encoding': 'identity',
      },
    };
    return new Promise((resolve) => {
      const isTls = this.#url.protocol === 'https:';
      const send = isTls ? httpsRequest : httpRequest;
      let answered: IncomingMessage | undefined;
      const fail = (error: unknown): void => {
        // Once the status is there, nothing that follows can change what became of the batch.
        if (answered === undefined) resolve({ kind: 'retry', errorClass: classifyError(error, signal) });
        else resolve(this.#resultOf(answered, undefined));
      };
      try {
        const request = send(this.#url, options, (response) => {
          answered = response;
          void readAnswer(response).then((answer) => resolve(this.#resultOf(response, answer)), fail);
        });
        limitConnecting(request, this.#target.sending.connectTimeoutMs, isTls);
        limitInformational(request);
        // Nobody asked for another protocol; without a listener the socket would stay open, and the batch with it.
        request.on('upgrade', (response, socket) => {
          socket.destroy();
          resolve(classifyStatus(response.statusCode ?? 0, undefined));
        });
        // Stays for good: a late socket error without a listener would end the process.
        request.on('error', fail);
        request.end(bytes);
      } catch (error) {
        fail(error);
      }
    });
  }

  #resultOf(response: IncomingMessage, answer: Answer | undefined): SendResult {
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299)
      return classifyStatus(status, retryAfterMs(response.headers['retry-after'], Date.now()));
    const isProtobuf =
      response.headers['content-encoding'] === undefined && answer !== undefined && answer.bytes.length > 0;
    const partial = isProtobuf ? this.#options.decodeResponse(answer.bytes, answer.isCut) : undefined;
    if (partial === undefined) return { kind: 'delivered', rejected: 0 };
    return { kind: 'delivered', rejected: partial.rejected, message: partial.message };
  }
}

/** What was read of an answer. */
interface Answer {
  readonly bytes: Uint8Array;
  /** There was more. */
  readonly isCut: boolean;
}

/** At most 64 KiB; a longer answer costs its socket. */
async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      response.destroy();
      break;
    }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES), isCut: bytes > MAX_ANSWER_BYTES };
}
