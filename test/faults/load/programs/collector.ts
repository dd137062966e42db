/** A collector that can be killed: what it took is in a file before the answer goes out. */
import { openSync, writeSync } from 'node:fs';
import { startLoadCollector } from '../collector.js';
import { answerCalls } from './commands.js';

const commands = {
  async listen({ port, journal }: { readonly port?: number; readonly journal: string }): Promise<number> {
    const file = openSync(journal, 'a');
    const collector = await startLoadCollector({
      ...(port !== undefined && { port }),
      onTaken: ({ text: _text, ...arrival }) => void writeSync(file, `${JSON.stringify(arrival)}\n`),
    });
    return collector.port;
  },
};

export type CollectorProgram = typeof commands;

answerCalls(commands);
