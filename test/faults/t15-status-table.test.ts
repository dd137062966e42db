/** T15: one row per status. The function behind it: test/transport/classify.test.ts. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../delivery/support.js';
import { figure, ledgerOf, logsOf, OK, startCollector, VICTIM, withVictim } from './support.js';

const DELIVERED = { delivered: 1 };
const REJECTED = { rejected: 1 };
const UNAUTHORIZED = { dropped: { unauthorized: 1 } };
const TOO_LARGE = { dropped: { too_large: 1 } };
const REFUSED = { dropped: { refused: 1 } };
/** Waits, and the second attempt is answered 200. */
const RETRIED = { buffered: 1 };

describe('T15: each status has one class and one action', () => {
  it.each<[string, string | undefined, Record<string, unknown>]>([
    ['200', undefined, DELIVERED],
    ['202', undefined, DELIVERED],
    ['204', undefined, DELIVERED],
    ['299', undefined, DELIVERED],
    ['300', 'redirect', REFUSED],
    ['304', 'redirect', REFUSED],
    ['400', 'http_400', REJECTED],
    ['401', 'http_401', UNAUTHORIZED],
    ['403', 'http_403', UNAUTHORIZED],
    ['404', 'http_404', REFUSED],
    ['405', 'http_405', REFUSED],
    ['408', 'http_408', REFUSED],
    ['413', 'http_413', TOO_LARGE],
    ['415', 'http_415', REFUSED],
    ['418', 'http_418', REFUSED],
    ['429', 'http_429', RETRIED],
    ['431', 'http_431', REFUSED],
    ['500', 'http_500', REFUSED],
    ['501', 'http_501', REFUSED],
    ['502', 'http_502', RETRIED],
    ['503', 'http_503', RETRIED],
    ['504', 'http_504', RETRIED],
    ['505', 'http_505', REFUSED],
    ['511', 'http_511', REFUSED],
    ['600', 'http_600', REFUSED],
    ['999', 'http_999', REFUSED],
    ['000', 'http_0', REFUSED],
    ['20', 'protocol', RETRIED],
    ['2000', 'protocol', RETRIED],
    ['-1', 'protocol', RETRIED],
  ])('%s', async (status, errorClass, outcome) => {
    const collector = await startCollector({
      onCall({ socket, index }) {
        const length = status === '204' || status === '304' ? '' : 'content-length: 0\r\n';
        socket.write(index > 0 ? OK : `HTTP/1.1 ${status} Whatever\r\n${length}\r\n`);
      },
    });
    await withVictim(collector, async (world) => {
      world.send(VICTIM, 1);
      await world.telemetry.flush();
      const blank = { accepted: 1, delivered: 0, rejected: 0, dropped: {}, buffered: 0 };
      expect(ledgerOf(world, VICTIM)).toEqual({ ...blank, ...outcome });
      expect(logsOf(world, VICTIM)?.lastError).toBe(errorClass);
      expect(collector.calls).toHaveLength(1);
      if (outcome === RETRIED) {
        await eventually(async () => {
          await world.telemetry.flush({ timeoutMs: 500 });
          expect(ledgerOf(world, VICTIM)).toEqual({ ...blank, delivered: 1 });
        });
        expect(collector.calls).toHaveLength(2);
      }
      figure('T15', `${status}: ${errorClass ?? 'delivered'}, ${JSON.stringify(outcome)}`);
    });
  });
});
