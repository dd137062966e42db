/** A ready-made exporter that never calls back, whatever becomes of its batch in the meantime. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadyMadeExporter } from '../../src/index.js';
import type { OutgoingBatch, Sender } from '../../src/model/delivery.js';
import { openExporterSender } from '../../src/transport/exporter-sender.js';

const FAILED = { kind: 'refused', errorClass: 'exporter', reason: 'exporter_failed' };

const batch: OutgoingBatch = {
  signal: 'logs',
  id: 'a batch',
  items: 1,
  request: () => new Uint8Array(),
  readables: () => ({ resource: { attributes: {}, bytes: new Uint8Array() }, records: [] }),
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an exporter that never answers', () => {
  const silent: ReadyMadeExporter = { export: () => undefined, shutdown: async () => undefined };
  const open = (): Sender =>
    openExporterSender(silent, { resourceObject: () => ({}), uses: new WeakMap(), closing: new Set() });

  it('has failed after 30 s, and not before', async () => {
    const results: unknown[] = [];
    void open()
      .send(batch, new AbortController().signal)
      .then((result) => results.push(result));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(results).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(results).toEqual([FAILED]);
  });

  it('has failed at once when its batch is given up', async () => {
    const abort = new AbortController();
    const sent = open().send(batch, abort.signal);
    abort.abort();
    expect(await sent).toEqual(FAILED);
    expect(vi.getTimerCount()).toBe(0);
  });
});
