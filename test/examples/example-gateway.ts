/** The gateway of an example between an echoing upstream and a collector, fresh for each test. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect } from 'vitest';
import { startOtlpReceiver } from '../../src/testing/index.js';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { startExample } from './example-process.js';
import type { ExampleProcess } from './example-process.js';

/** http-proxy, under http-proxy-middleware 3, calls what newer versions of Node warn of. */
const DEPRECATIONS = /^\(.*(?:DEP0060|trace-deprecation).*\n/gm;

export interface ExampleGateway {
  readonly receiver: OtlpReceiver;
  /** It answers with what it is sent, and the method as `x-echoed-method`. */
  readonly upstream: Server;
  readonly upstreamUrl: string;
  /** What has arrived at the upstream. */
  readonly arrived: readonly IncomingMessage[];
  /** Starts `examples/{name}/gateway.mjs`; resolves with its URL. */
  start(name: string, upstreamUrl?: string): Promise<string>;
  /** Asks it to end, as orchestrators do, and expects that it does so in good order. */
  stop(): Promise<void>;
}

/** Called once per file, outside of the tests. */
export function useExampleGateway(): ExampleGateway {
  let receiver: OtlpReceiver;
  let upstream: Server;
  let arrived: IncomingMessage[];
  let gateway: ExampleProcess | undefined;

  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    arrived = [];
    upstream = createServer((incoming, response) => {
      arrived.push(incoming);
      response.setHeader('x-echoed-method', incoming.method ?? '');
      incoming.pipe(response);
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    gateway?.signal('SIGKILL');
    upstream.close();
    upstream.closeAllConnections();
    await receiver.close();
  });

  const upstreamUrl = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;

  return {
    get receiver() {
      return receiver;
    },
    get upstream() {
      return upstream;
    },
    get upstreamUrl() {
      return upstreamUrl();
    },
    get arrived() {
      return arrived;
    },
    async start(name, to = upstreamUrl()) {
      gateway = startExample(`${name}/gateway.mjs`, [], {
        UPSTREAM: to,
        PORT: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      });
      const [url] = await gateway.waitForLine(/^http:\S+$/);
      return url;
    },
    async stop() {
      gateway?.signal('SIGTERM');
      expect(await gateway?.ended).toBe(0);
      expect(gateway?.errors().replace(DEPRECATIONS, '')).toBe('');
    },
  };
}
