/** How long one record keeps its slot at a collector, and what becomes of it. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { eventually, send, startHttp, withTelemetry } from '../delivery/support.js';
import type { RawServer } from '../delivery/support.js';

/** Over asking for headers, connecting, writing and reading. */
export const DEADLINE_MS = 10_000;

export const DELIVERED = { accepted: 1, delivered: 1, rejected: 0, dropped: {}, buffered: 0 };
export const WAITING = { accepted: 1, delivered: 0, rejected: 0, dropped: {}, buffered: 1 };

export interface Settled {
  readonly ms: number;
  readonly ledger: unknown;
  readonly lastError: string | undefined;
}

/** Sends one record to the server, which is closed afterwards, and resolves when the first attempt is over. */
export async function settle(server: RawServer): Promise<Settled> {
  const results: Settled[] = [];
  try {
    await withTelemetry(
      { operator: { endpoint: server.url, signals: { traces: false, metrics: false } } },
      async (telemetry) => {
        const logs = () => telemetry.status().operator[0]?.signals.logs;
        send(telemetry, undefined, 1);
        const start = performance.now();
        void telemetry.flush({ timeoutMs: 1 });
        await eventually(() => {
          const isOver = logs()?.ledger.buffered === 0 || logs()?.lastError !== undefined;
          expect(isOver, 'the attempt is over').toBe(true);
        }, DEADLINE_MS + 1_500);
        results.push({
          ms: performance.now() - start,
          ledger: logs()?.ledger,
          lastError: logs()?.lastError,
        });
      },
    );
  } finally {
    await server.close();
  }
  const [result] = results;
  if (result === undefined) throw new Error('There is no result.');
  return result;
}

/** A server that answers so when a request is complete. */
export const answering = (answer: (response: ServerResponse) => void): Promise<RawServer> =>
  startHttp((request, response) => {
    response.on('error', () => undefined);
    request.resume().on('end', () => answer(response));
  });

/** Writes again and again until the connection has gone. */
export function drip(target: Socket | ServerResponse, text: string, everyMs: number): void {
  const timer = setInterval(() => target.write(text), everyMs);
  target.on('close', () => clearInterval(timer));
}
