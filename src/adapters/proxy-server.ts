/** `proxyTelemetry`: upstream calls of http-proxy and its successors, seen through their own events. */
import { errorMonitor } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Exchange } from '../model/exchange.js';
import type { GatewayTelemetry } from '../model/telemetry.js';
import { checkTelemetry } from './check-telemetry.js';
import { ClientSide } from './client-side.js';
import { ProxyAttempt } from './proxy-attempt.js';
import { showTrace, writeTrace } from './proxy-headers.js';
import { targetOptions, type ProxyTarget } from './proxy-target.js';

/** The part of a proxy that is listened to: `http-proxy`, `http-proxy-3`, `httpxy`, or what plugins are given. */
export interface ProxyServerLike {
  // What the proxies' own types say about listeners is not said again here.
  on(event: never, listener: never): unknown;
}

/** A plugin as http-proxy-middleware takes it. */
export type ProxyTelemetryPlugin = (proxyServer: ProxyServerLike) => void;

interface ProxyOptions {
  readonly target?: ProxyTarget | string;
}

type Answer = IncomingMessage & { readonly req?: ClientRequest };

interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
}

/**
 * A plugin that makes one upstream call of each attempt of a proxy: the trace goes out with the request, a CLIENT span with
 * `spans: 'server+client'`, and the exchange learns the upstream's address, status, latency, attempts, and why a 5xx of the
 * gateway's own came. Everything the proxy does stays as it is. The exchange is the one that an adapter began for the
 * request; without one the proxy works untouched, and nothing is injected, because no span would stand behind the id.
 *
 * @example
 * proxyTelemetry(telemetry)(httpProxy.createProxyServer({ target }));
 * createProxyMiddleware({ target, plugins: [proxyTelemetry(telemetry)] });
 */
export function proxyTelemetry(telemetry: GatewayTelemetry): ProxyTelemetryPlugin {
  checkTelemetry('proxyTelemetry', telemetry);
  return (proxyServer) => {
    const proxy = proxyServer as Partial<Emitter> | undefined;
    if (typeof proxy?.on !== 'function' || typeof proxy.emit !== 'function') {
      throw new TypeError('proxyTelemetry: the plugin must be given a proxy server');
    }
    if (isNew(proxy, telemetry)) watch(telemetry, proxy as Emitter);
  };
}

/** On the proxy itself, so that it also holds between the ESM and the CommonJS door. */
const WATCHED = Symbol.for('gateway-otel.proxy');

/** A plugin that is given twice makes no call twice. */
function isNew(given: object, telemetry: GatewayTelemetry): boolean {
  const proxy = given as { readonly [WATCHED]?: WeakSet<GatewayTelemetry> };
  if (proxy[WATCHED] === undefined) Object.defineProperty(proxy, WATCHED, { value: new WeakSet() });
  const known = proxy[WATCHED];
  if (known === undefined || known.has(telemetry)) return false;
  known.add(telemetry);
  return true;
}

function watch(telemetry: GatewayTelemetry, proxy: Emitter): void {
  const none = telemetry.of({});
  /** Whatever a proxy hands over, what cannot be read is not told: an error here would be the gateway's. */
  const guarded =
    <Args extends unknown[]>(look: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        look(...args);
      } catch {
        // The call ends with its exchange.
      }
    };
  const listen = (event: string, listener: (...args: never[]) => void): void => {
    proxy.on(event, guarded(listener));
  };
  /** The newest attempt of each request. */
  const attempts = new WeakMap<IncomingMessage, ProxyAttempt>();
  const byOutgoing = new WeakMap<object, ProxyAttempt>();
  /** Attempts that wait for their outgoing request, oldest first: a host may begin several of one request at once. */
  const waiting = new WeakMap<IncomingMessage, ProxyAttempt[]>();
  /** An error comes several ways, and by the last of them a host may have begun the next attempt. */
  const told = new WeakSet<object>();
  /** Gives whether it had been told before. */
  const tell = (error: unknown): boolean => {
    if (typeof error !== 'object' || error === null) return false;
    if (told.has(error)) return true;
    told.add(error);
    return false;
  };
  /** Attempts of upgrades that have begun before there was an outgoing request. */
  const shownUpgrades = new WeakMap<IncomingMessage, ProxyAttempt>();

  const begin = (
    exchange: Exchange,
    client: ClientSide,
    target: ProxyTarget | string | undefined,
  ): ProxyAttempt => {
    const { request } = client;
    const before = attempts.get(request);
    const number = before === undefined ? 0 : before.number + 1;
    const call = exchange.startUpstreamCall({ ...targetOptions(target), resendCount: number });
    const attempt = new ProxyAttempt(call, number, client, target);
    attempts.set(request, attempt);
    return attempt;
  };
  const follow = (attempt: ProxyAttempt, outgoing: ClientRequest, target?: ProxyTarget | string): void => {
    byOutgoing.set(outgoing, attempt);
    attempt.follow(outgoing, target);
    // Before the proxy tells it, which does not say of which attempt.
    outgoing.on(errorMonitor, tell);
  };
  const nextWaiting = (request: IncomingMessage): ProxyAttempt | undefined => {
    const queue = waiting.get(request);
    // There is no `proxyReq` with `Expect: 100-continue`, and none where an attempt has failed before.
    let attempt = queue?.shift();
    while (attempt !== undefined && (attempt.hasEnded || attempt.outgoing !== undefined))
      attempt = queue?.shift();
    return attempt;
  };
  const attemptOf = ({ req }: Answer, request: IncomingMessage): ProxyAttempt | undefined =>
    (req && byOutgoing.get(req)) ?? attempts.get(request);
  const fail = (error: unknown, request: IncomingMessage | undefined): void => {
    const attempt = request && attempts.get(request);
    if (attempt !== undefined && !tell(error)) attempt.fail(error);
  };

  listen('start', (request: IncomingMessage, response: ServerResponse, target?: ProxyTarget) => {
    const exchange = telemetry.of(request);
    if (exchange === none) return;
    const attempt = begin(exchange, new ClientSide(request, response), target);
    const queue = waiting.get(request);
    if (queue === undefined) waiting.set(request, [attempt]);
    else queue.push(attempt);
    showTrace(request, attempt.call);
  });

  listen('proxyReq', (outgoing: ClientRequest, request: IncomingMessage, response: ServerResponse) => {
    // With follow-redirects it is one request, whose every hop comes here again.
    if (byOutgoing.has(outgoing)) return;
    const begun = nextWaiting(request);
    if (begun !== undefined) {
      follow(begun, outgoing);
      return;
    }
    const attempt = attempts.get(request);
    if (attempt === undefined) return;
    // httpxy has followed a redirect, for which it takes the client's headers again.
    redirected(attempt);
    const { protocol, host } = outgoing;
    const target = { protocol, host: String(outgoing.getHeader('host') ?? host) };
    const next = begin(telemetry.of(request), new ClientSide(request, response), target);
    writeTrace(outgoing, next.call);
    follow(next, outgoing);
  });

  const showUpgrade = (request: IncomingMessage, socket: Duplex): void => {
    // Then the head is written before `proxyReqWs` could change anything, with whatever the client sent.
    if (request.headers.expect === undefined) return;
    const exchange = telemetry.of(request);
    if (exchange === none) return;
    const attempt = begin(exchange, new ClientSide(request, socket), undefined);
    shownUpgrades.set(request, attempt);
    showTrace(request, attempt.call);
  };
  seeUpgrades(proxy, guarded(showUpgrade));

  listen(
    'proxyReqWs',
    (outgoing: ClientRequest, request: IncomingMessage, socket: Duplex, options: ProxyOptions) => {
      const exchange = telemetry.of(request);
      if (exchange === none) return;
      const shown = shownUpgrades.get(request);
      shownUpgrades.delete(request);
      const attempt = shown ?? begin(exchange, new ClientSide(request, socket), options?.target);
      if (shown === undefined) writeTrace(outgoing, attempt.call);
      follow(attempt, outgoing, options?.target);
      // The proxies have listeners of their own for both, without which Node would act for itself.
      outgoing.once('response', (answer) => attempt.answered(answer));
      outgoing.once('upgrade', (answer, upstreamSocket) => attempt.upgraded(answer, upstreamSocket));
    },
  );

  listen('proxyRes', (answer: Answer, request: IncomingMessage) => {
    const attempt = attemptOf(answer, request);
    if (attempt === undefined) return;
    // There was no `proxyReq`, as with `Expect: 100-continue`.
    if (attempt.outgoing === undefined && answer.req !== undefined) follow(attempt, answer.req);
    attempt.answered(answer);
  });
  listen('end', (request: IncomingMessage, _response: ServerResponse, answer: Answer) =>
    attemptOf(answer, request)?.end(),
  );
  listen('econnreset', fail);
  seeErrors(proxy, guarded(fail));
}

type Upgrade = (this: unknown, request: IncomingMessage, socket: Duplex, ...rest: unknown[]) => unknown;

/** Looks at upgrades before the proxy copies their headers: unlike `web`, `ws` emits nothing before. */
function seeUpgrades(proxy: Emitter, see: (request: IncomingMessage, socket: Duplex) => void): void {
  const methods = proxy as unknown as Record<string, Upgrade | undefined>;
  for (const name of ['ws', 'proxyWebsocketRequest']) {
    const upgrade = methods[name];
    if (typeof upgrade !== 'function') continue;
    methods[name] = function (request, socket, ...rest) {
      see(request, socket);
      return upgrade.call(this, request, socket, ...rest);
    };
  }
}

/** The answer was a redirect, which the proxy told nobody of. */
function redirected(attempt: ProxyAttempt): void {
  const { res } = attempt.outgoing as { res?: IncomingMessage };
  attempt.responded(res?.statusCode);
  attempt.end();
}

/**
 * Not a listener: the proxies count those of `error`, and throw, stay silent or reject by whether the host has one. Needed
 * where there is no outgoing request to be seen: `Expect: 100-continue`, `fetch`.
 */
function seeErrors(proxy: Emitter, see: (error: unknown, request: IncomingMessage) => void): void {
  const { emit } = proxy;
  const emitSeen = function (this: Emitter, event: string, ...args: unknown[]): unknown {
    if (event === 'error') see(args[0], args[1] as IncomingMessage);
    return emit.call(this, event, ...args);
  };
  Object.defineProperty(proxy, 'emit', { configurable: true, writable: true, value: emitSeen });
}
