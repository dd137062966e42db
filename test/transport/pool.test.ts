/** Who shares sockets with whom, how many there are, how long they live, and that no slot is ever lost. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutgoingBatch, Sender } from '../../src/model/delivery.js';
import type { Audience, TlsMaterial, TlsSource } from '../../src/model/resolved-destination.js';
import { createPools, type Pools } from '../../src/transport/pool.js';
import { startCollector } from '../faults/support.js';
import { eventually, pause, startTcp } from '../delivery/support.js';
import { openWith } from './opened.js';

const DELIVERED = { kind: 'delivered', rejected: 0 };

interface Server {
  readonly url: string;
  /** All that were ever opened, in order. */
  readonly sockets: readonly Socket[];
  open(): number;
  /** The most that were open at a time. */
  most(): number;
  /** Which socket each request came on. */
  readonly requests: readonly number[];
}

async function startServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => response.end(),
): Promise<Server> {
  const sockets: Socket[] = [];
  const requests: number[] = [];
  let most = 0;
  const open = (): number => sockets.filter(({ destroyed }) => !destroyed).length;
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests.push(sockets.indexOf(request.socket));
    request.resume().on('end', () => answer(response, request));
  });
  server.on('connection', (socket) => {
    sockets.push(socket);
    most = Math.max(most, open());
  });
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, sockets, open, most: () => most, requests };
}

const live = (): AbortSignal => new AbortController().signal;

const batch: OutgoingBatch = {
  signal: 'logs',
  id: 'a batch',
  items: 1,
  request: () => new Uint8Array(10),
  readables: () => ({ resource: { attributes: {}, bytes: new Uint8Array() }, records: [] }),
};

/** Without effect on plain http, except on who shares with whom. */
const tlsOf = (currentId: () => string, refresh?: TlsSource['refresh']): TlsSource => ({
  current: () => ({ id: currentId() }) as TlsMaterial,
  refresh,
});

function open(
  pools: Pools,
  url: string,
  {
    audience = 'tenant',
    isTrustedOrigin = false,
    tls,
    ...times
  }: {
    audience?: Audience;
    isTrustedOrigin?: boolean;
    tls?: TlsSource;
    timeoutMs?: number;
    connectTimeoutMs?: number;
  } = {},
): Sender {
  const usual = { timeoutMs: 5_000, connectTimeoutMs: 3_000 };
  const sender = openWith(pools, url, { audience, isTrustedOrigin, tls, ...usual, ...times });
  onTestFinished(() => sender.close());
  return sender;
}

describe('senders', () => {
  it('of one origin share a socket, also over paths; another audience has its own', async () => {
    const server = await startServer();
    const pools = createPools();
    const senders = [open(pools, `${server.url}/v1/logs`), open(pools, `${server.url}/v1/metrics`)];
    for (const sender of [...senders, ...senders])
      expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(server.requests).toEqual([0, 0, 0, 0]);
    const operator = open(pools, `${server.url}/v1/logs`, { audience: 'operator' });
    await operator.send(batch, live());
    await operator.send(batch, live());
    expect(server.requests.slice(4)).toEqual([1, 1]);
  });

  it('of the operator with other TLS material have sockets of their own', async () => {
    const server = await startServer();
    const pools = createPools();
    const senders = ['one', 'other', 'one'].map((id) =>
      open(pools, server.url, { audience: 'operator', tls: tlsOf(() => id) }),
    );
    for (const sender of senders) await sender.send(batch, live());
    expect(server.requests).toEqual([0, 1, 0]);
  });

  it('that close leave the sockets to the others; the last one takes them along', async () => {
    const server = await startServer();
    const pools = createPools();
    const [one, two] = [open(pools, server.url), open(pools, server.url)];
    await one.send(batch, live());
    await two.send(batch, live());
    one.close();
    one.close();
    await two.send(batch, live());
    expect(server.requests).toEqual([0, 0, 0]);
    two.close();
    await eventually(() => expect(server.open()).toBe(0), 1_000);
    expect(pools.idleSockets).toBe(0);
  });

  it('whose TLS material changes end on the old socket what is under way', async () => {
    const answers: (() => void)[] = [];
    const server = await startServer((response) => void answers.push(() => response.end()));
    let id = 'old';
    const sender = open(createPools(), server.url, { tls: tlsOf(() => id) });
    const first = sender.send(batch, live());
    await eventually(() => expect(answers).toHaveLength(1));
    id = 'new';
    const second = sender.send(batch, live());
    await eventually(() => expect(answers).toHaveLength(2));
    for (const answer of answers) answer();
    expect(await first).toEqual(DELIVERED);
    expect(await second).toEqual(DELIVERED);
    expect(server.requests).toEqual([0, 1]);
    await eventually(
      () => expect(server.open(), 'the old pool has gone with its last request').toBe(1),
      1_000,
    );
  });

  it('do not wait for certificate files that take long to read', async () => {
    const server = await startServer();
    const tls = tlsOf(
      () => 'the last good one',
      () => new Promise<undefined>(() => undefined),
    );
    const start = performance.now();
    expect(await open(createPools(), server.url, { tls }).send(batch, live())).toEqual(DELIVERED);
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('that are answered with another protocol have their sockets closed at once', async () => {
    const server = await startCollector({
      onCall: ({ socket }) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    });
    onTestFinished(() => server.close());
    await open(createPools(), server.url).send(batch, live());
    await eventually(() => expect(server.openSockets()).toBe(0), 1_000);
  });

  it('that find one socket dead do not try the others that have waited with it', async () => {
    const isUsed = new Set<unknown>();
    const server = await startServer((response, { socket }) => {
      if (isUsed.has(socket)) socket.resetAndDestroy();
      else setTimeout(() => response.end(), 30);
      isUsed.add(socket);
    });
    const sender = open(createPools(), server.url);
    await Promise.all([sender.send(batch, live()), sender.send(batch, live()), sender.send(batch, live())]);
    expect(server.sockets).toHaveLength(3);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(server.requests.at(-1)).toBe(3);
    await eventually(() => expect(server.open()).toBe(1), 1_000);
  });

  it('that are aborted have their sockets closed at once', async () => {
    const server = await startServer(() => undefined);
    const sender = open(createPools(), server.url);
    const abort = new AbortController();
    const sent = sender.send(batch, abort.signal);
    await eventually(() => expect(server.requests).toHaveLength(1));
    abort.abort();
    expect(await sent).toMatchObject({ kind: 'retry' });
    await eventually(() => expect(server.open()).toBe(0), 1_000);
  });
});

describe('an origin', () => {
  it('has 8 sockets at most; who waits for one is not connecting, and all arrive', async () => {
    const server = await startServer((response) => void setTimeout(() => response.end(), 60));
    const pools = createPools();
    const senders = Array.from({ length: 40 }, () => open(pools, server.url, { connectTimeoutMs: 100 }));
    const results = await Promise.all(senders.map((sender) => sender.send(batch, live())));
    for (const result of results) expect(result).toEqual(DELIVERED);
    expect(server.sockets).toHaveLength(8);
    expect(server.requests).toHaveLength(40);
  });

  it('has more of them at once where it is trusted, in a bound of its own', async () => {
    const server = await startServer((response) => void setTimeout(() => response.end(), 100));
    const pools = createPools({ maxSocketsPerOrigin: 1, maxSocketsPerTrustedOrigin: 3 });
    const sender = open(pools, server.url, { isTrustedOrigin: true });
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => sender.send(batch, live())));
    for (const result of results) expect(result).toEqual(DELIVERED);
    expect(server.sockets).toHaveLength(3);
  });

  it('closes a socket that waits where another pool needs one, and never one that is in use', async () => {
    let answer: (() => void) | undefined;
    let isHanging = false;
    const server = await startServer((response) => {
      if (isHanging) answer = () => response.end();
      else response.end();
    });
    const pools = createPools({ maxSocketsPerOrigin: 2 });
    // Each has a pool of its own.
    const [one, two, three] = ['one', 'two', 'three'].map((id) =>
      open(pools, server.url, { tls: tlsOf(() => id) }),
    );
    await one?.send(batch, live());
    isHanging = true;
    const slow = one?.send(batch, live());
    await eventually(() => expect(answer).toBeDefined());
    isHanging = false;
    expect(await two?.send(batch, live())).toEqual(DELIVERED);
    expect(await three?.send(batch, live())).toEqual(DELIVERED);
    await eventually(() => expect(server.open()).toBe(2), 1_000);
    answer?.();
    expect(await slow).toEqual(DELIVERED);
    expect(await one?.send(batch, live())).toEqual(DELIVERED);
    expect(server.requests).toEqual([0, 0, 1, 2, 0]);
  });

  it('lets one go that waits too long, as crowded, and one that is aborted, at once; both leave their place', async () => {
    let isHanging = true;
    const server = await startServer((response) => void (isHanging || response.end()));
    const pools = createPools({ maxSocketsPerOrigin: 1 });
    const sender = open(pools, server.url, { timeoutMs: 300, connectTimeoutMs: 300 });
    // Its time is over before the first one leaves its place to it.
    const hasty = open(pools, server.url, { timeoutMs: 150, connectTimeoutMs: 150 });
    const patient = open(pools, server.url);
    const abort = new AbortController();
    const first = sender.send(batch, live());
    const second = hasty.send(batch, live());
    const aborted = sender.send(batch, abort.signal);
    const last = patient.send(batch, live());
    abort.abort();
    expect(await aborted).toEqual({ kind: 'retry', errorClass: 'crowded', isOurs: true });
    await eventually(() => expect(server.requests).toHaveLength(1));
    isHanging = false;
    expect(await first).toEqual({ kind: 'retry', errorClass: 'timeout' });
    expect(await second).toEqual({ kind: 'retry', errorClass: 'crowded', isOurs: true });
    expect(await last).toEqual(DELIVERED);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(server.most()).toBeLessThanOrEqual(2);
  });

  it('gives each slot back, however a request ends', async () => {
    const ends: readonly ((response: ServerResponse) => void)[] = [
      (response) => response.end(),
      (response) => response.destroy(),
      (response) => response.writeHead(200, { 'content-length': 50 }).write('x', () => response.destroy()),
      (response) => response.end(Buffer.alloc(200_000)),
      (response) => response.writeHead(429).end(),
      (response) => response.writeHead(200, { connection: 'close' }).end(),
      (response) => response.socket?.end('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      (response) => response.socket?.end('nonsense\r\n\r\n'),
      () => undefined,
    ];
    let turn = 0;
    const server = await startServer((response) => ends[turn++ % ends.length]?.(response));
    const pools = createPools({ maxSocketsPerOrigin: 2 });
    const sender = open(pools, server.url, { timeoutMs: 250, connectTimeoutMs: 250 });
    const throwing = {
      ...batch,
      request: () => {
        throw new Error('no request');
      },
    };
    for (let count = 0; count < 3 * ends.length; count++) await sender.send(batch, live());
    await expect(sender.send(throwing, live())).rejects.toThrow('no request');
    await expect(sender.send(throwing, live())).rejects.toThrow('no request');
    turn = 0;
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(turn).toBe(1);
  });

  it('gives a slot back whose request was answered before it had been read, and is never read', async () => {
    const server = await startTcp((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    onTestFinished(() => server.close());
    const sender = open(createPools(), server.url, { timeoutMs: 1_000, connectTimeoutMs: 1_000 });
    // More than the buffers of both sides take.
    const large: OutgoingBatch = { ...batch, request: () => new Uint8Array(4 * 1024 * 1024) };
    for (let turn = 0; turn < 10; turn++) expect(await sender.send(large, live())).toEqual(DELIVERED);
  });
  it.each(['200 OK', '413 Too Large'])(
    'goes to somebody who answers %s to half a request and does not read the rest',
    async (status) => {
      const head = `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;
      const sockets: Socket[] = [];
      const server = await startTcp((socket) => {
        sockets.push(socket.pause());
        socket.write(head);
      });
      const sender = open(createPools({ maxSocketsPerOrigin: 1 }), server.url, { timeoutMs: 1_000 });
      const large = { ...batch, request: () => new Uint8Array(4_000_000) };
      const kind = status.startsWith('200') ? 'delivered' : 'refused';
      for (let count = 0; count < 3; count++)
        expect(await sender.send(large, live())).toMatchObject({ kind });
      for (const socket of sockets) socket.resume();
      await eventually(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true));
    },
  );
});

describe('sockets that wait', () => {
  it('close when somebody sends what nobody asked for', async () => {
    const sockets: Socket[] = [];
    const server = await startTcp((socket) => {
      if (!sockets.includes(socket)) sockets.push(socket);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const pools = createPools({ idleMs: 300 });
    const sender = open(pools, server.url);
    await sender.send(batch, live());
    await eventually(() => expect(pools.idleSockets).toBe(1), 1_000);
    const timer = setInterval(() => sockets[0]?.write('HTTP/1.1 500 Oh\r\n'), 50);
    onTestFinished(() => clearInterval(timer));
    await eventually(() => expect(sockets[0]?.destroyed).toBe(true), 2_000);
    clearInterval(timer);
    expect(pools.idleSockets).toBe(0);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(sockets).toHaveLength(2);
  });

  it('make room for new ones; the one that has waited longest closes first', async () => {
    const servers = await Promise.all([startServer(), startServer(), startServer()]);
    const pools = createPools({ maxSockets: 2 });
    const senders = servers.map(({ url }) => open(pools, url));
    const [first, second, third] = senders;
    await first?.send(batch, live());
    await second?.send(batch, live());
    await first?.send(batch, live());
    await third?.send(batch, live());
    await eventually(() => expect(servers.map((server) => server.open())).toEqual([1, 0, 1]), 1_000);
    expect(pools.idleSockets).toBe(2);
    // It can be used again all the same.
    expect(await second?.send(batch, live())).toEqual(DELIVERED);
  });

  it('make room, also for those in use, which stay: with them there are no more than the bound', async () => {
    const held: ServerResponse[] = [];
    let isHanging = true;
    const servers = await Promise.all(
      Array.from({ length: 6 }, () =>
        startServer((response) => void (isHanging ? held.push(response) : response.end())),
      ),
    );
    const pools = createPools({ maxSockets: 3 });
    const senders = servers.map(({ url }) => open(pools, url));
    const openAtAll = (): number => servers.reduce((sum, server) => sum + server.open(), 0);
    const inUse = senders.slice(0, 2).map((sender) => sender.send(batch, live()));
    await eventually(() => expect(held).toHaveLength(2));
    isHanging = false;
    for (const sender of [...senders.slice(2), ...senders.slice(2)]) {
      expect(await sender.send(batch, live())).toEqual(DELIVERED);
      // What has just been destroyed is counted until it has said so.
      expect(pools.openSockets).toBeLessThanOrEqual(4);
      await eventually(() => expect([pools.openSockets, openAtAll()]).toEqual([3, 3]));
    }
    for (const response of held) response.end();
    for (const sent of inUse) expect(await sent).toEqual(DELIVERED);
    expect(servers.slice(0, 2).map(({ sockets }) => sockets.length)).toEqual([1, 1]);
    await eventually(() => expect(pools.idleSockets).toBe(3));
  });

  it('are all there is of an origin: without them only the last few keep their agent, and all serve again', async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => startServer()));
    const pools = createPools({ idleMs: 100, maxQuietPools: 2 });
    const senders = servers.map(({ url }) => open(pools, url));
    for (let round = 0; round < 3; round++) {
      for (const sender of senders) expect(await sender.send(batch, live())).toEqual(DELIVERED);
      expect(pools.liveOrigins).toBe(5);
      await eventually(() => expect([pools.openSockets, pools.liveOrigins]).toEqual([0, 2]), 2_000);
    }
    for (const sender of senders) sender.close();
    expect(pools.liveOrigins).toBe(0);
  });

  it('close with the last sender, also where others of the same kind come right after', async () => {
    const server = await startServer();
    const pools = createPools();
    for (let turn = 0; turn < 5; turn++) {
      const sender = open(pools, server.url);
      expect(await sender.send(batch, live())).toEqual(DELIVERED);
      sender.close();
    }
    await eventually(() => expect([server.open(), pools.openSockets, pools.liveOrigins]).toEqual([0, 0, 0]));
  });

  it('close after a while', async () => {
    const server = await startServer();
    const pools = createPools({ idleMs: 100 });
    const sender = open(pools, server.url);
    await sender.send(batch, live());
    expect(server.open()).toBe(1);
    await eventually(() => expect(server.open()).toBe(0), 2_000);
    expect(pools.idleSockets).toBe(0);
  });

  it('close when they are old, however busy they are', async () => {
    const server = await startServer();
    const sender = open(createPools({ lifeMs: 150 }), server.url);
    const end = performance.now() + 500;
    while (performance.now() < end) {
      expect(await sender.send(batch, live())).toEqual(DELIVERED);
      await pause(10);
    }
    expect(server.sockets.length).toBeGreaterThanOrEqual(3);
    await eventually(() => expect(server.open()).toBe(0), 2_000);
  });

  it('close when they are old, also while nothing is sent', async () => {
    const server = await startServer();
    const sender = open(createPools({ lifeMs: 150 }), server.url);
    await sender.send(batch, live());
    expect(server.open()).toBe(1);
    await eventually(() => expect(server.open()).toBe(0), 2_000);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(server.requests).toEqual([0, 1]);
  });

  it('are none that grew old under a request', async () => {
    const server = await startServer((response) => void setTimeout(() => response.end(), 200));
    const pools = createPools({ lifeMs: 100 });
    const sender = open(pools, server.url);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(await sender.send(batch, live())).toEqual(DELIVERED);
    expect(server.requests).toEqual([0, 1]);
    await eventually(() => expect(server.open()).toBe(0), 1_000);
    expect(pools.idleSockets).toBe(0);
  });
});
