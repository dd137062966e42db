/** A client of its own process: asks a gateway at a steady pace and measures how long each answer takes. */
import { Agent, request } from 'node:http';
import { markedPath, paced } from '../traffic.js';
import { answerCalls } from './commands.js';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Asking {
  readonly port: number;
  readonly perSecond: number;
  readonly durationMs: number;
  /** The number of the first request. */
  readonly first: number;
  /** In turn. */
  readonly tenantIds: readonly string[];
}

const commands = {
  async ask({
    port,
    perSecond,
    durationMs,
    first,
    tenantIds,
  }: Asking): Promise<{ sent: number; latencyMs: number[] }> {
    const latencyMs: number[] = [];
    const asked: Promise<void>[] = [];
    const sent = await paced(perSecond, durationMs, (number) => {
      const startMs = performance.now();
      const headers = { 'x-tenant': tenantIds[number % tenantIds.length] };
      asked.push(
        new Promise((resolve, reject) => {
          request({ host: '127.0.0.1', port, agent, path: markedPath(first + number), headers }, (answer) => {
            answer.resume().on('end', () => {
              latencyMs.push(performance.now() - startMs);
              resolve();
            });
          })
            .on('error', reject)
            .end();
        }),
      );
    });
    await Promise.all(asked);
    return { sent, latencyMs };
  },
};

export type Client = typeof commands;

answerCalls(commands);
