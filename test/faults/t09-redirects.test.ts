/** T9: redirects to places that must not be asked. To another collector: test/transport/sending.test.ts. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../delivery/support.js';
import {
  figure,
  ledgerOf,
  logsOf,
  startCollector,
  VICTIM,
  watchClientSockets,
  withVictim,
} from './support.js';

const STATUSES = [301, 302, 303, 307, 308];

describe('T9: a redirect is one request and a final refusal, and the place that it names is never asked', () => {
  it.each([
    ['itself', () => '/v1/logs'],
    ['another host', (other: string) => `${other}/v1/logs`],
    ['the cloud metadata address', () => 'http://169.254.169.254/latest/meta-data/'],
    ['another scheme', () => 'file:///etc/passwd'],
    ['nowhere, with credentials', (other: string) => other.replace('//', '//user:secret@')],
  ])('to %s', async (_where, target) => {
    const other = await startCollector();
    const watch = watchClientSockets();
    try {
      for (const status of STATUSES) {
        const collector = await startCollector({
          onCall({ socket }) {
            const location = `location: ${target(other.url)}\r\n`;
            socket.write(`HTTP/1.1 ${status} Elsewhere\r\n${location}content-length: 0\r\n\r\n`);
          },
        });
        await withVictim(
          collector,
          async (world) => {
            const socketsBefore = watch.sockets.length;
            world.send(VICTIM, 1);
            await world.telemetry.flush();
            expect(collector.calls).toHaveLength(1);
            expect(logsOf(world, VICTIM)?.lastError).toBe('redirect');
            expect(ledgerOf(world, VICTIM)).toEqual({
              accepted: 1,
              delivered: 0,
              rejected: 0,
              dropped: { refused: 1 },
              buffered: 0,
            });
            const ports = watch.sockets.slice(socketsBefore).map(({ remotePort }) => remotePort);
            expect(ports.filter((port) => port === other.port)).toEqual([]);
            // Neither connected to, nor being tried.
            await eventually(() => expect(watch.sockets.filter(({ connecting }) => connecting)).toEqual([]));
            const addresses = watch.sockets.map(({ remoteAddress }) => remoteAddress);
            expect(addresses).not.toContain('169.254.169.254');
            const shown = JSON.stringify([world.diagnostics, world.telemetry.status(VICTIM)]);
            expect(shown).not.toMatch(/secret|169\.254|passwd/);
          },
          { victim: { headers: { 'x-api-key': 's3cret-key' } } },
        );
      }
      expect(other.connections).toHaveLength(0);
      figure('T9', 'requests 1 each, hits on the target 0');
    } finally {
      watch.stop();
      await other.close();
    }
  });
});
