/** Destinations that are dead in three ways. They listen on every address of this machine, so that each tenant can have its own. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { refusingUrl } from '../../delivery/support.js';

export const DEATHS = ['refused', 'blackhole', 'drip'] as const;
export type Death = (typeof DEATHS)[number];

/**
 * A header often enough that the connection is never idle, and seldom enough that they never become too many. Of the head:
 * one that drips the body of a 200 has taken the records, and counts as alive when the deadline comes.
 */
const DRIP_EVERY_MS = 300;
const DRIP_BEGIN = 'HTTP/1.1 200 OK\r\n';
const DRIP = 'x-y: z\r\n';

export interface Graveyard {
  /** On 127.0.0.1, or another address of this machine. */
  url(death: Death, host?: string): string;
  /** Connections that are open now. */
  openSockets(): number;
  close(): Promise<void>;
}

interface Grave {
  readonly port: number;
  close(): Promise<void>;
}

async function dig(sockets: Set<Socket>, onConnection: (socket: Socket) => void): Promise<Grave> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export async function openGraveyard(): Promise<Graveyard> {
  const sockets = new Set<Socket>();
  const refused = Number(new URL(await refusingUrl()).port);
  // It takes what comes, so that the end of a connection is seen, and says nothing.
  const blackhole = await dig(sockets, (socket) => void socket.resume());
  const drip = await dig(sockets, (socket) => {
    socket.resume();
    socket.write(DRIP_BEGIN);
    const timer = setInterval(() => socket.write(DRIP), DRIP_EVERY_MS);
    socket.on('close', () => clearInterval(timer));
  });
  const ports: Readonly<Record<Death, number>> = { refused, blackhole: blackhole.port, drip: drip.port };
  return {
    url: (death, host = '127.0.0.1') => `http://${host}:${ports[death]}`,
    openSockets: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([blackhole.close(), drip.close()]);
    },
  };
}

/** Dead ones take turns. */
export const deathOf = (index: number): Death => DEATHS[index % DEATHS.length] ?? 'refused';

/** One of 16 million addresses of this machine; Linux answers on all of them. */
export const hostOf = (index: number): string =>
  `127.${1 + (index >>> 16)}.${(index >>> 8) & 255}.${index & 255}`;
