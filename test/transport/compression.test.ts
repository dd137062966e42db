/** gzip: what is compressed, how, and that nothing else about sending changes. */
import { randomBytes } from 'node:crypto';
import type * as zlib from 'node:zlib';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { OtlpReceiver } from '../../src/testing/index.js';
import { createCompressor } from '../../src/transport/gzip.js';
import { openOtlpSender } from '../../src/transport/otlp-http-sender.js';
import { createPools } from '../../src/transport/pool.js';
import { eventually, inWorld, marksAt, startHttp, withTelemetry, send } from '../delivery/support.js';

const GZIP = { compression: 'gzip' } as const;

vi.setConfig({ maxConcurrency: 40, testTimeout: 20_000 });

/** Bodies on the thread pool. */
const pool = vi.hoisted(() => ({ now: 0, most: 0, total: 0 }));

vi.mock('node:zlib', async (importOriginal) => {
  const real = await importOriginal<typeof zlib>();
  const gzip = (body: Uint8Array, options: zlib.ZlibOptions, done: zlib.CompressCallback): void => {
    pool.total++;
    pool.most = Math.max(pool.most, ++pool.now);
    real.gzip(body, options, (error, bytes) => {
      pool.now--;
      done(error, bytes);
    });
  };
  return { ...real, gzip };
});

const live = (): AbortSignal => new AbortController().signal;
const repetitive = (bytes: number): Uint8Array => Buffer.alloc(bytes, 'url.path');
const logRequests = (receiver: OtlpReceiver) =>
  receiver.requests.filter(({ signal, encodedBytes }) => signal === 'logs' && encodedBytes > 0);

describe('a body', () => {
  it.each([
    ['of no bytes', 0, undefined],
    ['of 1023 bytes', 1023, undefined],
    ['of 1024 bytes', 1024, 'gzip'],
    ['of 64 KiB', 65_536, 'gzip'],
    ['of 64 KiB and a byte', 65_537, 'gzip'],
    ['of 4 MiB', 4_194_304, 'gzip'],
  ])('%s is compressed or not', async (_what, bytes, encoding) => {
    const before = pool.total;
    const body = repetitive(bytes);
    const made = createCompressor().compress(body, live());
    expect(made instanceof Promise, 'is put off').toBe(bytes > 65_536);
    const encoded = await made;
    expect(encoded.encoding).toBe(encoding);
    if (encoding === undefined) expect(encoded.bytes).toBe(body);
    else expect(gunzipSync(encoded.bytes).equals(body)).toBe(true);
    expect(pool.total - before, 'goes through the thread pool').toBe(bytes > 65_536 ? 1 : 0);
  });

  it.each([2_000, 100_000])('of %i bytes that do not shrink stays as it is', async (bytes) => {
    const body = randomBytes(bytes);
    expect(await createCompressor().compress(body, live())).toEqual({ bytes: body, encoding: undefined });
  });

  it('is not compressed when its attempt is over already', async () => {
    const body = repetitive(5_000);
    const encoded = await createCompressor().compress(body, AbortSignal.abort());
    expect(encoded).toEqual({ bytes: body, encoding: undefined });
  });
});

describe('large bodies', () => {
  it('go through the thread pool one at a time, in order', async () => {
    pool.most = 0;
    const compressor = createCompressor();
    const finished: number[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (index) => {
        const body = repetitive(100_000 + index);
        const { bytes } = await compressor.compress(body, live());
        expect(gunzipSync(bytes).equals(body)).toBe(true);
        finished.push(index);
      }),
    );
    expect(finished).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pool.most).toBe(1);
  });

  it('do not hold small ones up', async () => {
    const compressor = createCompressor();
    const order: string[] = [];
    const large = Promise.resolve(compressor.compress(repetitive(8_000_000), live())).then(() =>
      order.push('large'),
    );
    await compressor.compress(repetitive(5_000), live());
    order.push('small');
    await large;
    expect(order).toEqual(['small', 'large']);
  });

  it('that wait give up at once with their attempt, and the others go on', async () => {
    const compressor = createCompressor();
    const total = pool.total;
    const order: string[] = [];
    const given = new AbortController();
    const first = Promise.resolve(compressor.compress(repetitive(8_000_000), live())).then(() =>
      order.push('first'),
    );
    const second = Promise.resolve(compressor.compress(repetitive(200_000), given.signal)).then(
      ({ encoding }) => {
        order.push(`second ${String(encoding)}`);
      },
    );
    const third = Promise.resolve(compressor.compress(repetitive(200_000), live())).then(({ encoding }) => {
      order.push(`third ${String(encoding)}`);
    });
    given.abort();
    await Promise.all([first, second, third]);
    expect(order).toEqual(['second undefined', 'first', 'third gzip']);
    expect(pool.total - total, 'the one given up is never compressed').toBe(2);
  });
});

describe.concurrent('a destination', () => {
  it('has its small batches encoded within the slice that sends them', async () => {
    const server = await startHttp(
      (request, response) => void request.resume().on('end', () => response.end()),
    );
    const sender = openOtlpSender(
      {
        kind: 'otlp',
        url: server.url,
        headers: { fixed: {}, ask: undefined },
        sending: {
          timeoutMs: 5_000,
          connectTimeoutMs: 5_000,
          compression: 'gzip',
          maxRequestBytes: 4_194_304,
        },
        audience: 'operator',
        isTrustedOrigin: false,
        tls: undefined,
      },
      {
        userAgent: 'test',
        decodeResponse: () => undefined,
        isResponse: () => true,
        compressor: createCompressor(),
        pools: createPools(),
        onTlsFault: () => undefined,
      },
    );
    let encoded = 0;
    const body = repetitive(5_000);
    try {
      const batch = {
        signal: 'logs' as const,
        id: 'a batch',
        items: 1,
        request: () => (encoded++, body),
        readables: () => ({ resource: { attributes: {}, bytes: body }, records: [] }),
      };
      const result = sender.send(batch, live());
      expect(encoded, 'encoded before send returns').toBe(1);
      expect(await result).toEqual({ kind: 'delivered', rejected: 0 });
    } finally {
      sender.close();
      await server.close();
    }
  });

  it('gets gzip if it asks for it: operator and tenants, with an exact length', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ operator: to('operator', GZIP), tenants: { acme: to('acme', GZIP) } }),
      },
      async (world) => {
        for (let mark = 0; mark < 50; mark++) world.send('acme', mark);
        await world.flushUntilLogs('acme', 50);
        await world.flushUntilLogs('operator', 50);
        for (const receiver of [world.at('acme'), world.at('operator')]) {
          const [request] = logRequests(receiver);
          expect(request?.headers).toMatchObject({
            'content-encoding': 'gzip',
            'content-type': 'application/x-protobuf',
            'content-length': String(request?.encodedBytes),
            'accept-encoding': 'identity',
          });
          expect(request?.headers['transfer-encoding']).toBeUndefined();
          expect(request?.bytes.byteLength).toBeGreaterThan(3 * (request?.encodedBytes ?? 0));
        }
      },
    ));

  it('gets large batches whole, over the thread pool', () =>
    inWorld({ receivers: [], configure: (to) => ({ operator: to('operator', GZIP) }) }, async (world) => {
      for (let mark = 0; mark < 512; mark++) world.send(undefined, mark);
      await world.flushUntilLogs('operator', 512);
      const [request] = logRequests(world.at('operator'));
      expect(request?.bytes.byteLength).toBeGreaterThan(65_536);
      expect(request?.headers['content-encoding']).toBe('gzip');
      expect(new Set(marksAt(world.at('operator'))).size).toBe(512);
    }));

  it('that says none gets the bytes as they are', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({
          operator: to('operator', { compression: 'none' }),
          tenants: { acme: to('acme', { compression: 'none' }) },
        }),
      },
      async (world) => {
        for (let mark = 0; mark < 50; mark++) world.send('acme', mark);
        await world.flushUntilLogs('acme', 50);
        await world.flushUntilLogs('operator', 50);
        for (const receiver of [world.at('acme'), world.at('operator')]) {
          for (const { headers, bytes, encodedBytes } of receiver.requests) {
            expect(headers['content-encoding']).toBeUndefined();
            expect(encodedBytes).toBe(bytes.byteLength);
            expect(headers['content-length']).toBe(String(encodedBytes));
          }
        }
      },
    ));

  it('changes its mind with its URL kept: queue and connection stay', () =>
    inWorld({ receivers: [], configure: (to) => ({ operator: to('operator', GZIP) }) }, async (world) => {
      for (let mark = 0; mark < 20; mark++) world.send(undefined, mark);
      await world.flushUntilLogs('operator', 20);
      world.telemetry.setOperator(world.to('operator', { compression: 'none' }));
      for (let mark = 20; mark < 40; mark++) world.send(undefined, mark);
      await world.flushUntilLogs('operator', 40);
      const encodings = logRequests(world.at('operator')).map(({ headers }) => headers['content-encoding']);
      expect([encodings.at(0), encodings.at(-1)]).toEqual(['gzip', undefined]);
    }));

  it.each([
    ['429', { status: 429, headers: { 'retry-after': '1' } }],
    ['503', { status: 503 }],
    ['a broken connection', { hangUp: 'after' }],
  ] as const)('that answers %s gets the same records again, and each once', (_what, answer) =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ operator: to('operator', GZIP), tenants: { acme: to('acme', GZIP) } }),
      },
      async (world) => {
        world.at('acme').answerWith({ ...answer, signal: 'logs', times: 2 });
        for (let mark = 0; mark < 30; mark++) world.send('acme', mark);
        await world.at('acme').waitFor({ logs: 30 }, { timeoutMs: 12_000 });
        const attempts = logRequests(world.at('acme'));
        expect(attempts.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'gzip', 'gzip']);
        expect(attempts[1]?.bytes).toEqual(attempts[0]?.bytes);
        expect(attempts[2]?.bytes).toEqual(attempts[0]?.bytes);
        expect(marksAt(world.at('acme'))).toHaveLength(30);
        await eventually(() =>
          expect(world.telemetry.status('acme').destinations[0]?.signals.logs?.ledger).toMatchObject({
            accepted: 30,
            delivered: 30,
          }),
        );
      },
    ),
  );

  it('that does not take gzip loses the batch under the name of its answer', () =>
    inWorld(
      {
        receivers: ['acme'],
        configure: (to) => ({ operator: to('operator', GZIP), tenants: { acme: to('acme', GZIP) } }),
      },
      async (world) => {
        world.at('acme').answerWith({ status: 415, signal: 'logs' });
        for (let mark = 0; mark < 10; mark++) world.send('acme', mark);
        await eventually(() =>
          expect(world.telemetry.status('acme').destinations[0]?.signals.logs).toMatchObject({
            lastError: 'http_415',
            ledger: { dropped: { refused: 10 } },
          }),
        );
      },
    ));

  it('keeps its one connection', async () => {
    const bodies: { readonly encoding: string | undefined; readonly length: string | undefined }[] = [];
    const server = await startHttp((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'content-encoding': encoding, 'content-length': length } = request.headers;
        expect(length).toBe(String(Buffer.concat(chunks).byteLength));
        bodies.push({ encoding, length });
        response.end();
      });
    });
    try {
      await withTelemetry(
        { operator: { ...GZIP, endpoint: server.url, signals: { traces: false, metrics: false } } },
        async (telemetry) => {
          for (let round = 0; round < 3; round++) {
            for (let mark = 0; mark < 20; mark++) send(telemetry, undefined, mark);
            await telemetry.flush({ timeoutMs: 5_000 });
          }
          expect(bodies.map(({ encoding }) => encoding)).toEqual(['gzip', 'gzip', 'gzip']);
          expect(server.connections()).toBe(1);
        },
      );
    } finally {
      await server.close();
    }
  });
});

describe.concurrent('headers of the host', () => {
  it.each(['content-encoding', 'Content-Encoding'])(
    'cannot say %s: a function that does has failed',
    (name) =>
      inWorld(
        {
          receivers: ['acme'],
          configure: (to) => ({ tenants: { acme: to('acme', { headers: () => ({ [name]: 'br' }) }) } }),
        },
        async (world) => {
          world.send('acme', 1);
          await eventually(() =>
            expect(world.telemetry.status('acme').destinations[0]?.signals.logs?.lastError).toBe('headers'),
          );
          expect(world.at('acme').requests).toHaveLength(0);
        },
      ),
  );
});
